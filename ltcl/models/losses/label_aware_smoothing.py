"""Label-aware smoothing for the loss slot of a head."""

from typing import Any

from torch import Tensor, nn

from ltcl.functional.label_aware_smoothing import curve_of, label_aware_smoothing_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..class_mix import NATURAL
from ..utils.class_counts import ClassCountsMixin


@MODELS.register_module()
class LabelAwareSmoothingLoss(ClassCountsMixin, nn.Module):
    """Label-aware smoothing of `MiSLAS <https://arxiv.org/abs/2104.00466>`_ for any mmpretrain classification head.

    The class counts come from the training set through ``ltcl.ClassCountsHook``. The smoothing is that of
    :func:`~ltcl.functional.label_aware_smoothing`.

    Args:
        num_classes: Number of classes.
        smooth_head: Smoothing of the largest class: 0.4 on CIFAR-100-LT with imbalance factor 100, 0.3 on ImageNet-LT.
        smooth_tail: Smoothing of the smallest class: 0.1 and 0 there.
        form: ``'concave'``, as published, ``'linear'`` or ``'convex'``.
        class_counts: Training images per class, for use without the hook.

    Raises:
        UserError: A smoothing outside 0..1, or another form.
    """

    frequency_power = NATURAL  # it is label smoothing, and weighs no class

    def __init__(
        self,
        num_classes: int,
        smooth_head: float = 0.4,
        smooth_tail: float = 0.1,
        form: str = 'concave',
        class_counts: list[int] | None = None,
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = dict(smooth_head=smooth_head, smooth_tail=smooth_tail, form=form)
        check_ranges(type(self).__name__, self.options)
        curve_of(form)
        self.register_class_counts(num_classes, class_counts)

    def forward(self, cls_score: Tensor, label: Tensor, avg_factor: float | None = None) -> Tensor:
        """Loss of logits (N, num_classes) against labels (N,), with the signature mmpretrain's heads call.

        Args:
            cls_score: Raw logits, shape (N, num_classes).
            label: Class ids, int64, shape (N,).
            avg_factor: The number of samples; the loss is a mean over them already.
        """
        return label_aware_smoothing_loss(cls_score, label, self.known_class_counts(), **self.options)
