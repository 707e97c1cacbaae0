"""LDAM as a part that a config names."""

from torch import Tensor, nn

from ltcl.functional import effective_number_weights, ldam_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..class_mix import NATURAL
from ..utils.class_counts import ClassCountsMixin


@MODELS.register_module()
class LDAMLoss(ClassCountsMixin, nn.Module):
    """LDAM for the ``loss`` slot of ``ltcl.CosineClsHead``, optionally with classes weighed by effective number.

    The class counts come from the training set through ``ltcl.ClassCountsHook``. At test time nothing is taken from the
    logits.

    Args:
        num_classes: Number of classes.
        scale: Scale of the head's cosine classifier.
        max_margin: Margin, as a cosine, of the smallest class.
        effective_number_beta: Weigh the classes by their effective number of images (0.9999 in LDAM's code); None
            weighs all alike.
        class_counts: Training images per class, for use without the hook.

    Raises:
        UserError: ``scale`` or ``max_margin`` is not positive.
    """

    def __init__(
        self,
        num_classes: int,
        scale: float = 30.0,
        max_margin: float = 0.5,
        effective_number_beta: float | None = None,
        class_counts: list[int] | None = None,
    ) -> None:
        super().__init__()
        check_ranges('LDAMLoss', dict(scale=scale, max_margin=max_margin, effective_number_beta=effective_number_beta))
        self.scale = scale
        self.max_margin = max_margin
        self.effective_number_beta = effective_number_beta
        self.register_class_counts(num_classes, class_counts)

    @property
    def frequency_power(self) -> float | None:
        """See :func:`ltcl.models.class_mix.frequency_power`; effective numbers are no power of the class sizes."""
        return NATURAL if self.effective_number_beta is None else None

    def forward(self, cls_score: Tensor, label: Tensor, avg_factor: float | None = None) -> Tensor:
        """Loss of logits (N, num_classes) against labels (N,), with the signature mmpretrain's heads call.

        Args:
            cls_score: Cosines times ``scale``, shape (N, num_classes).
            label: Class ids, int64, shape (N,).
            avg_factor: The number of samples; the loss is a mean over them already.
        """
        counts = self.known_class_counts()
        weights = None
        if self.effective_number_beta is not None:
            weights = effective_number_weights(counts, self.effective_number_beta)
        return ldam_loss(cls_score, label, counts, scale=self.scale, max_margin=self.max_margin, class_weights=weights)
