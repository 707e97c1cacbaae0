"""Cross entropy on logits shifted by the log of the class frequencies."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .checks import check_shapes
from .precision import full_precision


@check_shapes()
def log_prior(class_counts: Tensor, eps: float = 1e-9) -> Tensor:
    """Log of the class frequencies.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        eps: Added to each frequency: a class without images gets log(1e-9), about -20.7, instead of -inf.

    Returns:
        float64 tensor of shape (num_classes,).

    Differs from the original: the published code keeps the frequencies in float32, which moves a loss by about 1e-8.

    Example:
        >>> import torch
        >>> log_prior(torch.tensor([3, 1])).exp()
        tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    counts = class_counts.double()
    return torch.log(counts / counts.sum() + eps)


@full_precision
@check_shapes(reduction='mean sum none')
def logit_adjusted_loss(
    logits: Tensor,
    labels: Tensor,
    class_counts: Tensor,
    *,
    tau: float = 1.0,
    eps: float = 1e-9,
    class_weights: Tensor | None = None,
    reduction: str = 'mean',
) -> Tensor:
    """Cross entropy of ``logits + tau * log(prior)``.

    From `Long-Tail Learning via Logit Adjustment <https://arxiv.org/abs/2007.07314>`_; ``tau = 1`` is `Balanced
    Meta-Softmax <https://arxiv.org/abs/2007.10740>`_ and BCL's logit compensation.

    Args:
        logits: Raw classifier outputs, shape (N, num_classes).
        labels: Class ids, int64, shape (N,).
        class_counts: Training images per class, shape (num_classes,).
        tau: Strength of the adjustment; 0 is plain cross entropy.
        eps: Added to each class frequency before the logarithm; 0 makes an empty class impossible (-inf).
        class_weights: Weight per class of the cross entropy, shape (num_classes,).
        reduction: ``'mean'`` (weighted mean with class weights), ``'sum'`` or ``'none'``.

    Returns:
        Scalar, or shape (N,) with ``reduction='none'``.

    Example:
        >>> import torch
        >>> logits, labels = torch.zeros(1, 2), torch.tensor([1])
        >>> logit_adjusted_loss(logits, labels, torch.tensor([3, 1]))  # -log(1/4)
        tensor(1.3863)
    """
    # 0 times the -inf of an empty class would be NaN.
    adjusted = logits + tau * log_prior(class_counts, eps).to(logits.dtype) if tau else logits
    weights = None if class_weights is None else class_weights.to(logits.dtype)
    return F.cross_entropy(adjusted, labels, weight=weights, reduction=reduction)
