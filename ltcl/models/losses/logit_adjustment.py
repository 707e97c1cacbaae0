"""Cross entropy on logits shifted by the log of the class frequencies."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils.class_counts import ClassCountsMixin
from .precision import full_precision


def log_prior(class_counts: Tensor, eps: float = 1e-9) -> Tensor:
    """Log of the class frequencies.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        eps: Added to each frequency: a class without images gets log(1e-9), about -20.7, instead of -inf.

    Returns:
        float64 tensor of shape (num_classes,).

    Differs from the original: the published code keeps the frequencies in float32, which moves a loss by about 1e-8.
    """
    counts = class_counts.double()
    return torch.log(counts / counts.sum() + eps)


@full_precision
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
    """
    # 0 times the -inf of an empty class would be NaN.
    adjusted = logits + tau * log_prior(class_counts, eps).to(logits.dtype) if tau else logits
    weights = None if class_weights is None else class_weights.to(logits.dtype)
    return F.cross_entropy(adjusted, labels, weight=weights, reduction=reduction)


@MODELS.register_module()
class LogitAdjustedLoss(ClassCountsMixin, nn.Module):
    """Logit-adjusted cross entropy for the ``loss`` slot of any mmpretrain classification head.

    The class counts come from the training set through ``ltcl.ClassCountsHook``. At test time nothing is added to the
    logits.

    Args:
        num_classes: Number of classes.
        tau: Strength of the adjustment.
        loss_weight: Factor on the loss.
        class_counts: Training images per class, for use without the hook.
    """

    def __init__(
        self, num_classes: int, tau: float = 1.0, loss_weight: float = 1.0, class_counts: list[int] | None = None
    ) -> None:
        super().__init__()
        check_ranges(type(self).__name__, dict(tau=tau, loss_weight=loss_weight))
        self.tau = tau
        self.loss_weight = loss_weight
        self.register_class_counts(num_classes, class_counts)

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """Loss of logits (N, num_classes) against labels (N,), with the signature mmpretrain's heads call.

        Args:
            cls_score: Raw logits, shape (N, num_classes).
            label: Class ids, int64, shape (N,).
            weight: Weight per sample, shape (N,).
            avg_factor: Divides the sum instead of N.
            reduction_override: ``'none'`` returns one value per sample; anything else the mean.
        """
        per_sample = logit_adjusted_loss(cls_score, label, self.known_class_counts(), tau=self.tau, reduction='none')
        if weight is not None:
            per_sample = per_sample * weight
        if reduction_override == 'none':
            return self.loss_weight * per_sample
        return self.loss_weight * per_sample.sum() / (avg_factor or len(per_sample))


@MODELS.register_module()
class BalancedSoftmaxLoss(LogitAdjustedLoss):
    """Balanced softmax: logit adjustment with its strength fixed at 1.

    Args:
        num_classes: Number of classes.
        loss_weight: Factor on the loss.
        class_counts: Training images per class, for use without the hook.
    """

    def __init__(self, num_classes: int, loss_weight: float = 1.0, class_counts: list[int] | None = None) -> None:
        super().__init__(num_classes, tau=1.0, loss_weight=loss_weight, class_counts=class_counts)
