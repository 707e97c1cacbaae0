"""Balanced contrastive loss: every class weighs the same among the rows that an anchor is compared with."""

from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_shapes
from .class_sums import own_class_sums
from .contrast import join_rows
from .log_sums import OwnBias, log_sum_exp
from .precision import full_precision


class BalancedTerms(NamedTuple):
    """The two parts of the loss of each anchor; both entries have shape (N,)."""

    log_denominator: Tensor
    """Log of the exponentials of the similarities, averaged within each class and summed over the classes."""
    positive_mean: Tensor
    """Mean of the similarities to the rows of the anchor's class, its prototype among them."""


@full_precision
@check_shapes()
def balanced_contrastive_loss(
    anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor, *, prototypes: Tensor, temperature: float = 0.07
) -> Tensor:
    r"""Supervised contrast with one prototype per class and a denominator that averages within classes.

    From `Balanced Contrastive Learning for Long-Tailed Visual Recognition <https://arxiv.org/abs/2207.09052>`_. The
    columns :math:`k_j` are anchors, further rows and prototypes, so that every class owns one at least. With
    :math:`s_{ij} = a_i \cdot k_j / T`, the columns :math:`A_c` of class c and the anchor's own column left out of all
    sums and sizes:

    .. math::
        \ell_i = \log \sum_c \frac{1}{|A_c|} \sum_{j \in A_c} e^{s_{ij}}
                 - \frac{1}{|A_{y_i}|} \sum_{j \in A_{y_i}} s_{ij}

    Args:
        anchors: Unit embeddings that are compared and are contrast rows too, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        rows: Further unit rows, such as the anchors of other processes, shape (M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (M,).
        prototypes: Unit row of each class, shape (num_classes, D).
        temperature: T, divides the similarities.

    Returns:
        Scalar mean over anchors.

    Differs from the original: the paper counts the anchor's own column into its class; the published code does not, and
    neither does this. A single class is allowed. No mask or weight grows with the number of classes.

    Example:
        >>> import torch
        >>> anchors, labels = torch.full((4, 4), 0.5), torch.tensor([0, 1, 0, 1])
        >>> balanced_contrastive_loss(  # three classes with equal rows: log(3)
        ...     anchors, labels, anchors[:0], labels[:0], prototypes=anchors[:3]
        ... )
        tensor(1.0986)
    """
    contrast = join_rows(anchors, labels, rows, row_labels)
    terms = balanced_terms(anchors, labels, *contrast, prototypes, temperature)
    return (terms.log_denominator - terms.positive_mean).mean()


def balanced_terms(
    anchors: Tensor, labels: Tensor, contrast: Tensor, contrast_labels: Tensor, prototypes: Tensor, temperature: float
) -> BalancedTerms:
    """Denominator and positive mean of each anchor.

    All prototypes are divided by the size of their class with the anchor in it, which is the same for every anchor.
    What the anchor's own class then lacks is one positive term, :math:`e^s (1 / (m - 1) - 1 / m)`.

    Args:
        anchors: As for the loss.
        labels: As for the loss.
        contrast: The anchors' own columns, then those of the further rows, shape (N + M, D).
        contrast_labels: Class of each of them, int64, shape (N + M,).
        prototypes: As for the loss.
        temperature: As for the loss.
    """
    class_sizes = prototypes.new_ones(len(prototypes)).index_add(
        0, contrast_labels, prototypes.new_ones(len(contrast_labels))
    )
    own_sizes = class_sizes[labels]
    scaled, num_anchors = anchors / temperature, len(anchors)
    own_prototype = (scaled * prototypes.index_select(0, labels)).sum(1)
    own_bias = OwnBias(-(own_sizes - 1).log(), contrast_labels)
    log_sizes = class_sizes.log()
    among_rows, _ = log_sum_exp(scaled, contrast, -log_sizes[contrast_labels], own=own_bias, without_self=True)
    log_denominator = torch.logsumexp(
        torch.stack(
            [
                among_rows.detach() if len(contrast) == 1 else among_rows,  # a lone anchor meets no row
                own_prototype - (own_sizes * (own_sizes - 1)).log(),
                log_sum_exp(scaled, prototypes, -log_sizes)[0],
            ]
        ),
        0,
    )
    sums, _ = own_class_sums(labels, len(prototypes), (contrast, contrast_labels))
    row_sum = ((sums - contrast[:num_anchors]).to(scaled.dtype) * scaled).sum(1)
    return BalancedTerms(log_denominator, (row_sum + own_prototype) / (own_sizes - 1))
