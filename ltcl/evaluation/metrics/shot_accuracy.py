"""Many-, medium- and few-shot accuracy as a metric of mmengine's evaluator."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.errors import UserError
from ltcl.evaluation.functional import accuracy_summary, class_accuracy, class_hits, shot_accuracy
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.registry import METRICS

from .shot_metric import ShotMetricMixin


@METRICS.register_module()
class ShotAccuracy(ShotMetricMixin, BaseMetric):
    """Top-1 accuracy over all images, by shot group, and its summaries over classes. All values are percentages.

    Keys (after the prefix): ``all`` (over images), ``many``, ``medium``, ``few`` (mean of the group's class
    accuracies), ``macro``, ``worst_class``, ``harmonic_mean``, ``geometric_mean``. Classes without test images count
    nowhere. An empty group has no key; without training counts no group has. For top-k add mmpretrain's ``Accuracy``.

    Differs from the original: published code reports 0 for an empty group.

    Attributes:
        figures: All keys, without prefix.
        per_class: After an evaluation (main process only) one array of length num_classes for each of
            ``class_index``, ``class_name`` (the index as text where the data set has no names), ``train_count`` and
            ``group`` (None without counts), ``test_count`` and ``accuracy`` (percent, NaN without test images).

    Args:
        class_counts: Training images per class. None: they arrive through :meth:`set_class_counts`.
        bounds: Smallest and largest training count of a medium-shot class.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes' results are gathered.
        prefix: Put before each key, with a slash. None: ``shot``.

    Raises:
        UserError: The bounds are not in order.

    Example:
        >>> metric = ShotAccuracy(class_counts=[500, 5])
        >>> images = [dict(pred_label=torch.tensor([0]), gt_label=torch.tensor([label])) for label in (0, 0, 0, 1)]
        >>> metric.process(None, images)
        >>> figures = metric.evaluate(size=4)
        >>> figures['shot/all'], figures['shot/many'], figures['shot/few']
        (75.0, 100.0, 0.0)
    """

    default_prefix = 'shot'
    figures = ('all', 'many', 'medium', 'few', 'macro', 'worst_class', 'harmonic_mean', 'geometric_mean')

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        bounds: tuple[int, int] = DEFAULT_BOUNDS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        # Before the training counts, which are compared with it.
        self._num_scores: int | None = None
        self._shifts: dict[str, Tensor] = {}
        super().__init__(class_counts, bounds, collect_device=collect_device, prefix=prefix)

    def set_shifts(self, shifts: Mapping[str, Tensor]) -> None:
        """Report what the same scores say for other class mixes as well: ``all_natural`` and ``macro_balanced``.

        Args:
            shifts: What is added to the log scores, shape (num_classes,), for ``'natural'`` and ``'balanced'``.
        """
        self._shifts = dict(shifts)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep prediction and label of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``gt_label`` of shape (1,) and ``pred_label`` of shape (1,) or ``pred_score``
                of shape (num_classes,).

        Raises:
            UserError: The training counts have another number of classes than the data set or the predictions, or a
                label is not among the classes.
        """
        if 'pred_score' in data_samples[0]:
            self._num_scores = data_samples[0]['pred_score'].numel()
        if not self.results:
            self.check_class_counts()
        preds = self.predictions(data_samples)
        labels = torch.cat([sample['gt_label'] for sample in data_samples])
        batch = torch.stack([preds.cpu(), labels.cpu(), *self._shifted(data_samples)], dim=1)
        # Checked here and not in `compute_metrics`, which only one process of a distributed run reaches.
        num_classes, largest = self._num_classes(), int(batch[:, 1].max())
        if num_classes is not None and largest >= num_classes:
            raise UserError(
                f'The test set has the label {largest}, but there are only {num_classes} classes (labels start at 0): '
                'use the class list of the training set.'
            )
        self.results.append(batch)

    def predictions(self, data_samples: Sequence[dict]) -> Tensor:
        """Predicted class of each image of a batch, shape (N,)."""
        if 'pred_label' in data_samples[0]:
            return torch.cat([sample['pred_label'] for sample in data_samples])
        return torch.stack([sample['pred_score'] for sample in data_samples]).argmax(dim=1)

    def _shifted(self, data_samples: Sequence[dict]) -> list[Tensor]:
        """Predicted class of each image for the other class mixes, shape (N,) each."""
        if not self._shifts:
            return []
        logs = torch.stack([sample['pred_score'] for sample in data_samples]).cpu().log()
        return [(logs + shift.cpu()).argmax(dim=1) for shift in self._shifts.values()]

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute the metrics of the whole data set and forget its results.

        Args:
            size: Number of images; what a distributed sampler added beyond them is dropped.
        """
        # The gathering interleaves the processes' results and cuts at `size`, so it needs one item per image.
        self.results: list = torch.cat(self.results).tolist() if self.results else []
        return super().evaluate(size)

    def compute_metrics(self, results: list[list[int]]) -> dict[str, float]:
        """Turn predictions and labels into percentages; fills :attr:`per_class`.

        Args:
            results: ``[prediction, label]`` of each image, and the predictions for other class mixes.
        """
        if not results:
            return {}
        preds, labels, *others = torch.tensor(results).unbind(dim=1)
        num_classes = self._num_classes() or int(labels.max()) + 1
        hits, totals = class_hits(preds, labels, num_classes)
        accuracy = class_accuracy(hits, totals)
        self.per_class = self.describe_classes(totals, accuracy=accuracy)
        fractions = {'all': int(hits.sum()) / int(totals.sum())}
        if self.class_counts is not None:
            fractions.update(shot_accuracy(accuracy, self.class_counts, self.bounds))
        self.log_missing_counts()
        fractions.update(accuracy_summary(accuracy))
        for mix, shifted in zip(self._shifts, others, strict=True):
            hits, totals = class_hits(shifted, labels, num_classes)
            if mix == 'natural':
                fractions['all_natural'] = int(hits.sum()) / int(totals.sum())
            else:
                fractions['macro_balanced'] = accuracy_summary(class_accuracy(hits, totals))['macro']
        return {name: 100 * value for name, value in fractions.items()}

    def num_test_classes(self) -> int | None:
        """Number of classes of the data set under test, or of the predictions' scores; None while it is not known."""
        return super().num_test_classes() or self._num_scores

    def _num_classes(self) -> int | None:
        if not self.class_names() and self.class_counts is not None:
            return len(self.class_counts)
        return self.num_test_classes()
