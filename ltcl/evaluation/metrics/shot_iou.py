"""Intersection over union by shot group. Imports mmseg: only segmentation configs name this module."""

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.evaluation import IoUMetric
from torch import Tensor

from ltcl.analysis.seg_class_counts import load_class_counts
from ltcl.evaluation.functional import shot_accuracy, thirds
from ltcl.neutral_text import shorten
from ltcl.notices import note, warn
from ltcl.registry import METRICS

from .shot_metric import ShotMetricMixin

# Classes that a warning names.
SHOWN = 5


@METRICS.register_module()
class ShotIoUMetric(ShotMetricMixin, IoUMetric):
    """mmseg's ``IoUMetric`` with the mean IoU of frequent and of rare classes. All values are percentages.

    Keys (after the prefix): ``aAcc``, ``mIoU`` and ``mAcc`` as in mmseg; ``mIoU_classes``, the number of classes that
    ``mIoU`` is the mean of; ``many``, ``medium`` and ``few``, the mean IoU
    of the classes by the number of training images that show them; ``worst_class``. An absent group has no key; without
    training counts no group has. A class that is neither in the labels nor predicted counts nowhere; classes in no
    label are warned of once.

    Args:
        class_counts: Training images that show each class, or a file of ``seg_class_stats.py``; None: no groups, unless
            ``ltcl.SceneCountsHook`` brings them.
        count_key: Which counts, ``'image'`` or ``'pixel'``.
        bounds: Smallest and largest count of a medium-shot class. None: the third of the classes with the highest
            counts is many-shot, the third with the lowest few-shot, and ties are medium.
        iou_metrics: As in mmseg; ``'mIoU'`` must be among them.
        prefix: Put before each key, with a slash. None: ``seg``.
        **kwargs: Further arguments of ``IoUMetric``.

    Raises:
        UserError: There is no such file, or the bounds are not in order.

    Differs from the original: pixels are summed in float64, so that counts above 2^24 are exact.
    """

    default_prefix = 'seg'
    figures = ('aAcc', 'mIoU', 'mAcc', 'many', 'medium', 'few', 'worst_class')
    score = 'IoU'
    overall = 'mIoU'

    def __init__(
        self,
        class_counts: str | Sequence[int] | None = None,
        count_key: str = 'image',
        bounds: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(class_counts, str):
            class_counts = load_class_counts(class_counts, count_key)
        self.count_key, self.counted = count_key, f'{count_key}s'
        self._by_thirds = bounds is None
        super().__init__(class_counts, bounds or (0, 0), **kwargs)
        self._absent_logged = False

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take the training counts of each class, and the bounds that follow from them; see ``ShotMetricMixin``."""
        super().set_class_counts(class_counts)
        if self._by_thirds:
            self.bounds = thirds(torch.as_tensor(class_counts))

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the areas of each image of a batch; see mmseg's ``IoUMetric``.

        Raises:
            UserError: The training counts have another number of classes than the data set.
        """
        if not self.results:
            self.check_class_counts()
        super().process(data_batch, data_samples)

    def compute_metrics(self, results: list[tuple[Tensor, ...]]) -> dict[str, float]:
        """Turn areas into percentages; fills :attr:`per_class`.

        Args:
            results: Of each image the areas of intersection, union, prediction and label, each of shape (num_classes,).
        """
        results = [tuple(area.double() for area in areas) for areas in results]
        metrics = super().compute_metrics(results)
        if self.format_only:
            return metrics
        intersection, union, _, label = (torch.stack(areas) for areas in zip(*results, strict=True))
        iou = intersection.sum(0) / union.sum(0)
        accuracy = intersection.sum(0) / label.sum(0)
        self.per_class = self.describe_classes((label > 0).sum(0), IoU=iou, accuracy=accuracy)
        scored = iou[~iou.isnan()]
        fractions = {'worst_class': scored.min().item()} if len(scored) else {}
        if self.class_counts is not None:
            fractions.update(shot_accuracy(iou, self.class_counts, self.bounds))
        self.log_missing_counts()
        self._log_absent(label.sum(0) == 0, num_images=len(results))
        num_scored = len(scored) if self.nan_to_num is None else len(iou)
        note(f'mIoU {metrics["mIoU"]:.2f} is over {num_scored} of {len(iou)} classes')
        return {**metrics, 'mIoU_classes': num_scored, **{name: 100 * value for name, value in fractions.items()}}

    def _log_absent(self, is_absent: Tensor, num_images: int) -> None:
        """Say once which classes cannot be scored."""
        absent = is_absent.nonzero().flatten().tolist()
        if not absent or self._absent_logged:
            return
        self._absent_logged = True
        known = self.class_names() or range(len(is_absent))
        names = shorten([repr(known[label]) for label in absent], SHOWN)
        warn(
            f'{len(absent)} of {len(is_absent)} classes are in none of the {num_images} test masks: {names}; '
            'mIoU leaves such a class out, or counts it as 0 where it is predicted'
        )
