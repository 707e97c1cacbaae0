"""A test that keeps what the model answered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.errors import UserError
from ltcl.predictions import SavedPredictions, save_predictions
from ltcl.registry import METRICS

from .told import told

if TYPE_CHECKING:
    from ltcl.calibration import Calibration

SMALLEST = torch.finfo(torch.float32).tiny


@METRICS.register_module()
class SavePredictions(BaseMetric):
    """Writes scores, label and file of every image, in the order of the data set: :class:`SavedPredictions`.

    Saved are the logs of the probabilities, which are logits. So they are those of the whole test, whatever a prior or
    an ensemble made of the head's. It has no figures.

    Args:
        path: The ``.npz`` file.
        split: Which images are tested.
        checkpoint: Name of the model; ' calibrated' is put after it where the answers are.
        is_asked: False, where nobody named the file: a model without scores writes none, and a place that cannot be
            written is a warning.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes' results are gathered.

    Example:
        >>> metric = SavePredictions('predictions.npz', split='val')
        >>> metric.process(None, [dict(pred_score=torch.tensor([0.25, 0.75]), gt_label=torch.tensor([1]))])
        >>> [(scores, label, path)] = metric.results  # `evaluate` writes those of all images
        >>> np.exp(scores), label
        (array([0.25, 0.75], dtype=float32), 1)
    """

    default_prefix = ''  # it has no figures, so none needs one

    def __init__(
        self,
        path: str,
        split: str = 'test',
        checkpoint: str = '',
        is_asked: bool = True,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device)
        self.is_asked = is_asked
        self.path, self.split, self.checkpoint = path, split, checkpoint
        self._class_counts: np.ndarray | None = None
        self._power: float | None = None
        self._is_calibrated = False

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take the number of training images of each class, shape (num_classes,)."""
        self._class_counts = np.asarray(class_counts)

    def set_frequency_power(self, power: float | None) -> None:
        """Take the class mix that the answers are for, as a power of the training counts; None: not known."""
        self._power = power

    def set_calibration(self, calibration: 'Calibration') -> None:
        """Take the calibration of the answers."""
        self._is_calibrated = True

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep scores, label and file of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``pred_score`` of shape (num_classes,), and where they are known ``gt_label``
                of shape (1,) and ``img_path``.

        Raises:
            UserError: The model gives no scores.
        """
        if 'pred_score' not in data_samples[0]:
            if not self.is_asked:
                self.results += [None] * len(data_samples)
                return
            raise UserError('this model gives no score for each class, so it has no predictions to write: omit --out')
        rows = torch.stack([sample['pred_score'] for sample in data_samples]).float().clamp_min(SMALLEST).log()
        for sample, scores in zip(data_samples, rows.cpu().numpy(), strict=True):
            label = int(sample['gt_label']) if 'gt_label' in sample else -1
            # A row of its own: one that shares its memory takes the whole batch along.
            self.results.append((scores.copy(), label, str(sample.get('img_path') or '')))

    def compute_metrics(self, results: list[tuple[np.ndarray, int, str] | None]) -> dict:
        """Write the file, in the main process.

        Args:
            results: Of each image its scores, label and file.
        """
        if not results or results[0] is None:
            return {}
        scores, labels, paths = zip(*results, strict=True)
        num_classes = len(scores[0])
        names = (self.dataset_meta or {}).get('classes') or range(num_classes)
        counts = np.full(num_classes, -1) if self._class_counts is None else self._class_counts
        power = np.nan if self._power is None else self._power
        known = SavedPredictions(
            np.stack(scores),
            labels,
            paths,
            np.array([str(name) for name in names]),
            counts,
            self.split,
            self.checkpoint + (' calibrated' if self._is_calibrated else ''),
            power,
        )
        with told(self.path, len(results), self.is_asked):
            save_predictions(self.path, known)
        return {}
