"""Logit-adjusted cross entropy as a part that a config names."""

from torch import Tensor, nn

from ltcl.functional import logit_adjusted_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils.class_counts import ClassCountsMixin


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

    @property
    def frequency_power(self) -> float:
        """See :func:`ltcl.models.class_mix.frequency_power`."""
        return 1 - self.tau

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
