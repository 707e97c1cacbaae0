"""Cross entropy with a margin that is larger for rarer classes."""

import math

import torch.nn.functional as F
from torch import Tensor

from .checks import check_shapes
from .precision import full_precision


@check_shapes()
def ldam_margins(class_counts: Tensor, max_margin: float = 0.5) -> Tensor:
    """Margins proportional to the class size to the power -1/4.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        max_margin: Margin of the smallest class that has images.

    Returns:
        float64 margins, shape (num_classes,); ``max_margin`` for a class without images, which no label has.

    Example:
        >>> import torch
        >>> ldam_margins(torch.tensor([16, 1, 0]))
        tensor([0.2500, 0.5000, 0.5000], dtype=torch.float64)
    """
    counts = class_counts.double()
    smallest = counts.where(counts > 0, math.inf).min()
    return max_margin * (smallest / counts.clamp_min(smallest)) ** 0.25


@full_precision
@check_shapes()
def ldam_loss(
    logits: Tensor,
    labels: Tensor,
    class_counts: Tensor,
    *,
    scale: float = 30.0,
    max_margin: float = 0.5,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Cross entropy of cosines from which the true class's margin is taken.

    From `Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss <https://arxiv.org/abs/1906.07413>`_.

    Args:
        logits: Cosines times ``scale``, shape (N, num_classes).
        labels: Class ids, int64, shape (N,).
        class_counts: Training images per class, shape (num_classes,).
        scale: Scale of the cosine classifier.
        max_margin: Margin, as a cosine, of the smallest class.
        class_weights: Weight per class of the cross entropy, shape (num_classes,).

    Returns:
        Scalar; the weighted mean with class weights.

    Example:
        >>> import torch
        >>> logits, labels = torch.zeros(1, 2), torch.tensor([1])
        >>> ldam_loss(logits, labels, torch.tensor([16, 1]), scale=2.0)  # log(1 + e)
        tensor(1.3133)
    """
    margins = scale * ldam_margins(class_counts, max_margin).to(logits.dtype)
    shifted = logits.scatter_add(1, labels[:, None], -margins[labels, None])
    weights = None if class_weights is None else class_weights.to(logits.dtype)
    return F.cross_entropy(shifted, labels, weight=weights)
