"""K-positive contrastive loss of KCL, and with targets that of TSC."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_shapes
from .class_sums import own_class_sums
from .log_sums import log_sum_exp
from .positives import draw_positives, sum_rows
from .precision import full_precision


class KPositiveLoss(NamedTuple):
    """The two parts of the loss, scalars; their sum is the loss."""

    class_term: Tensor
    """Attraction to the own key and to the positives among the rows."""
    target_term: Tensor
    """Attraction to the target of the class, already weighted; 0 without targets."""


@full_precision
@check_shapes()
def k_positive_contrastive_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    keys: Tensor,
    num_classes: int,
    draws: Tensor | None = None,
    temperature: float = 0.07,
    class_targets: Tensor | None = None,
    target_repeat: int = 1,
    target_weight: float = 0.2,
    separate_targets: bool = True,
) -> KPositiveLoss:
    r"""Contrast in which every anchor has the same number of positives, however frequent its class is.

    From `Exploring Balanced Feature Spaces for Representation Learning <https://openreview.net/forum?id=OqtLIabPTit>`_
    (KCL) and `Targeted Supervised Contrastive Learning <https://arxiv.org/abs/2111.13998>`_ (TSC). The candidates of an
    anchor are its own key, the rows of a queue and r copies of each class's target; the anchors do not meet each other.
    With :math:`\log p` the log-softmax over the candidates, :math:`P` the K positives drawn from the rows and r copies
    of the own target among the positives:

    .. math::
        -\frac{1}{1 + |P| + r} \left( \log p(k_i) + \sum_{j \in P} \log p(z_j) + \lambda r \log p(t_{y_i}) \right)

    Args:
        anchors: Unit embeddings, the queries, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        rows: Unit rows of past keys, the queue, shape (M, D); M may be 0.
        row_labels: Class of each row, int64, shape (M,); -1 makes it nobody's positive.
        keys: Unit embedding of each anchor's other view, always a positive, shape (N, D).
        num_classes: Number of classes.
        draws: Uniform numbers in 0..1 without 1, shape (K, N), that choose K positives of each anchor, or as many as
            there are. None takes all.
        temperature: Divides the similarities.
        class_targets: Unit target of each class, shape (num_classes, D). None is KCL.
        target_repeat: Copies r of each target among the candidates.
        target_weight: :math:`\lambda`, factor of the target term.
        separate_targets: The copies of the own target are positives beside the K drawn ones; False draws the K from
            rows and copies together, so that only the chosen copies are positives.

    Returns:
        Class term and target term, means over anchors.

    Differs from the original: the log-softmax is taken without overflow at any temperature, and positions are integers
    instead of float32 sums over all pools. :math:`\lambda` stands inside the mean over positives, as in the code; the
    paper prints it outside.

    Example:
        >>> import torch
        >>> anchors, labels = torch.full((2, 4), 0.5), torch.tensor([0, 1])
        >>> rows, row_labels = torch.full((3, 4), 0.5), torch.tensor([0, 0, 1])
        >>> loss = k_positive_contrastive_loss(  # own key and three rows are equal: log(4)
        ...     anchors, labels, rows, row_labels, keys=anchors, num_classes=2, draws=torch.rand(1, 2)
        ... )
        >>> loss.class_term, loss.target_term
        (tensor(1.3863), tensor(0.))
    """
    log_denominator = log_sum_candidates(anchors, keys, rows, class_targets, target_repeat, temperature)
    scaled = anchors / temperature
    num_targets = anchors.new_zeros(len(anchors))
    if class_targets is not None:
        num_targets = num_targets + target_repeat
    if draws is None:
        sums, num_rows = own_class_sums(labels, num_classes, (rows, row_labels))
        positive_rows = sums.to(rows.dtype)
    else:
        is_mixed = class_targets is not None and not separate_targets
        pool_labels = mixed_pool_labels(row_labels, num_classes, target_repeat) if is_mixed else row_labels
        chosen = draw_positives(draws, labels, pool_labels)
        if is_mixed:
            num_targets = (chosen >= len(rows)).sum(0)
            chosen = chosen.where(chosen < len(rows), -1)
        positive_rows, num_rows = sum_rows(rows, chosen), (chosen >= 0).sum(0)
    divisor = 1 + num_rows + num_targets
    class_log_prob = (scaled * (keys + positive_rows)).sum(1) - (1 + num_rows) * log_denominator
    class_term = -(class_log_prob / divisor).mean()
    if class_targets is None:
        return KPositiveLoss(class_term, torch.zeros_like(class_term))
    target_log_prob = (scaled * class_targets[labels]).sum(1) - log_denominator
    return KPositiveLoss(class_term, -target_weight * (num_targets * target_log_prob / divisor).mean())


def log_sum_candidates(
    anchors: Tensor, keys: Tensor, rows: Tensor, class_targets: Tensor | None, target_repeat: int, temperature: float
) -> Tensor:
    """Log of the summed exponentials over each anchor's candidates, shape (N,); arguments as for the loss."""
    scaled = anchors / temperature
    terms = [(scaled * keys).sum(1), log_sum_exp(scaled, rows)[0]]
    if class_targets is not None:
        terms.append(log_sum_exp(scaled, class_targets)[0] + math.log(target_repeat))
    return torch.logsumexp(torch.stack(terms), 0)


def mixed_pool_labels(row_labels: Tensor, num_classes: int, target_repeat: int) -> Tensor:
    """Class of each row of the pool that rows and target copies form together, shape (M + num_classes * r,)."""
    copies = torch.arange(num_classes, device=row_labels.device).repeat_interleave(target_repeat)
    return torch.cat([row_labels, copies])
