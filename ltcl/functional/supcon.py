"""Supervised contrastive loss, the second task of the multi-task baselines."""

from torch import Tensor

from .contrast import contrast_terms
from .log_sums import published_log_denominator
from .precision import full_precision


@full_precision
def supcon_loss(
    anchors: Tensor,
    labels: Tensor,
    contrast: Tensor,
    contrast_labels: Tensor,
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
        contrast: Further unit rows, such as a queue, shape (M, D); M may be 0.
        contrast_labels: Class of each further row, int64, shape (M,).
        num_classes: Number of classes.
        temperature: Divides the similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``. None means a factor of 1.
        class_weights: Factor on the anchors of each class, shape (num_classes,). None weighs all alike.

    Returns:
        Scalar mean over anchors.

    Differs from the original: an anchor without any positive contributes 0 where the published code divides 0 by 0. It
    cannot occur with two views.
    """
    terms = contrast_terms(anchors, labels, contrast, contrast_labels, num_classes=num_classes, temperature=temperature)
    log_denominator = published_log_denominator(terms.log_sum_exp, row_max=terms.row_max)
    has_positive = terms.num_positives > 0
    per_anchor = log_denominator - terms.positive_sum / terms.num_positives.clamp(min=1)
    per_anchor = per_anchor.where(has_positive, per_anchor.new_zeros(()))
    if class_weights is not None:
        per_anchor = per_anchor * class_weights.to(per_anchor.dtype)[labels]
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * per_anchor.mean()
