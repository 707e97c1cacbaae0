"""Supervised contrastive loss, the second task of the multi-task baselines."""

from torch import Tensor

from .checks import check_shapes
from .contrast import contrast_terms
from .log_sums import published_log_denominator
from .precision import full_precision
from .scaling import temperature_ratio, weigh_classes


@full_precision
@check_shapes()
def supcon_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    num_classes: int,
    temperature: float = 0.2,
    base_temperature: float | None = None,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Pull each anchor to the samples of its class, in the form `SupCon <https://arxiv.org/abs/2004.11362>`_ calls out.

    Args:
        anchors: Unit embeddings that are compared and are contrast rows too, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        rows: Further unit rows, such as a queue, shape (M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (M,); -1 makes it nobody's positive.
        num_classes: Number of classes.
        temperature: Divides the similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``. None means a factor of 1.
        class_weights: Factor on the anchors of each class, shape (num_classes,). None weighs all alike.

    Returns:
        Scalar mean over anchors.

    Differs from the original: an anchor without any positive contributes 0 where the published code divides 0 by 0. It
    cannot occur with two views.

    Example:
        >>> import torch
        >>> anchors, labels = torch.full((4, 4), 0.5), torch.tensor([0, 0, 1, 1])
        >>> supcon_loss(anchors, labels, anchors[:0], labels[:0], num_classes=2)  # three equal rows: log(3)
        tensor(1.0986)
    """
    terms = contrast_terms(anchors, labels, rows, row_labels, num_classes=num_classes, temperature=temperature)
    log_denominator = published_log_denominator(terms.log_sum_exp, row_max=terms.row_max)
    per_anchor = log_denominator - terms.positive_sum / terms.num_positives.clamp(min=1)
    per_anchor = per_anchor.where(terms.num_positives > 0, per_anchor.new_zeros(()))
    per_anchor = weigh_classes(per_anchor, labels, class_weights)
    return temperature_ratio(temperature, base_temperature) * per_anchor.mean()
