"""Which answers are sure enough to be given, and how many of those are right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.errors import UserError
from ltcl.evaluation.functional import shot_groups
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.launch.image_options import STORED
from ltcl.registry import METRICS

if TYPE_CHECKING:
    from ltcl.calibration import Calibration


@METRICS.register_module()
class AnsweredAccuracy(BaseMetric):
    """Coverage and accuracy of the answers whose probability is high enough, as percentages.

    Keys (after the prefix): ``coverage``, the share of images that are answered, and ``accuracy``, the share of those
    answers that are right; both also by shot group of the answer, ``coverage_few``. No key where nothing is answered,
    or a group is never the answer.

    Args:
        reject: Least probability of an answer, or ``'stored'``: those of the checkpoint's calibration.
        bounds: Smallest and largest training count of a medium-shot class.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes' results are gathered.
        prefix: Put before each key, with a slash. None: ``answered``.

    Raises:
        UserError: Neither a number of 0..1 nor ``'stored'``.

    Example:
        >>> metric = AnsweredAccuracy(reject=0.7)
        >>> scores, labels = torch.tensor([[0.9, 0.1], [0.6, 0.4]]), torch.tensor([[0], [1]])
        >>> metric.process(None, [dict(pred_score=s, gt_label=y) for s, y in zip(scores, labels, strict=True)])
        >>> metric.compute_metrics(metric.results)
        {'coverage': 50.0, 'accuracy': 100.0}
    """

    default_prefix = 'answered'

    def __init__(
        self,
        reject: float | str,
        bounds: tuple[int, int] = DEFAULT_BOUNDS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if reject != STORED and not (isinstance(reject, int | float) and 0 <= reject <= 1):
            raise UserError(f'reject of AnsweredAccuracy must be a number of 0..1 or {STORED!r}, got {reject!r}')
        self.reject, self.bounds = reject, bounds
        self._class_counts: Tensor | None = None
        self._calibration: Calibration | None = None

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take the number of training images of each class, shape (num_classes,)."""
        self._class_counts = torch.as_tensor(class_counts)

    def set_calibration(self, calibration: 'Calibration') -> None:
        """Take the calibration of the checkpoint."""
        self._calibration = calibration

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep answer, its probability, whether it is given, and the label of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``pred_score`` of shape (num_classes,) and ``gt_label`` of shape (1,).

        Raises:
            UserError: The checkpoint has no thresholds, or the model gives no scores.
        """
        if 'pred_score' not in data_samples[0]:
            raise UserError('this model gives no score for each class, so no answer can be left out: omit --reject')
        confidence, answers = torch.stack([sample['pred_score'] for sample in data_samples]).cpu().max(dim=1)
        given = confidence >= self._least(data_samples[0]['pred_score'].numel())[answers]
        labels = [int(sample['gt_label']) for sample in data_samples]
        self.results += list(zip(answers.tolist(), given.tolist(), labels, strict=True))

    def compute_metrics(self, results: list[tuple[int, bool, int]]) -> dict[str, float]:
        """Turn what was kept into percentages.

        Args:
            results: Answer, whether it is given, and label of each image.
        """
        if not results:
            return {}
        answers, given, labels = torch.tensor(results).unbind(dim=1)
        groups = {'': torch.ones_like(answers, dtype=torch.bool)}
        if self._class_counts is not None:
            masks = shot_groups(self._class_counts, self._bounds())
            groups |= {f'_{name}': mask[answers] for name, mask in masks.items()}
        shares = {}
        for name, member in groups.items():
            shares[f'coverage{name}'] = given[member].double().mean()
            shares[f'accuracy{name}'] = (answers == labels)[member & given.bool()].double().mean()
        return {name: 100 * float(value) for name, value in shares.items() if not value.isnan()}

    def _bounds(self) -> tuple[int, int]:
        return self.bounds if self._calibration is None else self._calibration.bounds

    def _least(self, num_classes: int) -> Tensor:
        if isinstance(self.reject, int | float):
            return torch.full((num_classes,), float(self.reject))
        if self._calibration is None:
            raise UserError('the checkpoint has no thresholds: choose them with `ltcl calibrate RUN --precision 0.95`')
        return self._calibration.threshold_of(self._class_counts, num_classes)
