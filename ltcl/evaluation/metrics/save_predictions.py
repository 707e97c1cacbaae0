"""A test that keeps what the model answered."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.errors import UserError
from ltcl.predictions import SavedPredictions, save_predictions
from ltcl.predictions.score_rows import ScoreFile, ScoreRows
from ltcl.registry import METRICS

from .told import told

if TYPE_CHECKING:
    from ltcl.calibration import Calibration

LOST = ()
"""Result of an image without scores; not None, which the gathering leaves out."""
SMALLEST = torch.finfo(torch.float32).tiny


@METRICS.register_module()
class SavePredictions(BaseMetric):
    """Writes scores, label and file of every image, in the order of the data set: :class:`SavedPredictions`.

    Until then the scores of each process are in a file beside it, which goes when the test ends, in whatever way.
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
        >>> [(file, row, label, path)] = metric.results  # `evaluate` writes the scores of all images
        >>> row, label
        (0, 1)
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
        self._rows: ScoreFile | None = None
        self._failure = ''
        self._num_classes = 0

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
                self.results += [LOST] * len(data_samples)
                return
            raise UserError('this model gives no score for each class, so it has no predictions to write: omit --out')
        rows = torch.stack([sample['pred_score'] for sample in data_samples]).float().clamp_min(SMALLEST).log()
        self._num_classes = rows.shape[1]
        try:
            # A failure is told at the end, so that the figures of the test are not lost with the file.
            if not self._failure:
                self._rows = self._rows or ScoreFile(Path(self.path).absolute().parent)
                places = self._rows.append(rows.cpu().numpy())
        except OSError as error:
            self._failure = str(error.strerror or error)
        if self._failure or self._rows is None:
            self.results += [LOST] * len(data_samples)
            return
        for sample, row in zip(data_samples, places, strict=True):
            label = int(sample['gt_label']) if 'gt_label' in sample else -1
            self.results.append((self._rows.name, row, label, str(sample.get('img_path') or '')))

    def evaluate(self, size: int) -> dict:
        """Write the file, see :meth:`compute_metrics`, and let the scores go."""
        try:
            self._share_scores()
            return super().evaluate(size)
        finally:
            if self._rows is not None:
                self._rows.close()
            self._rows, self._failure = None, ''

    def _share_scores(self) -> None:
        """Let the main process, which may be on another machine, see the scores."""
        try:
            if self._rows is not None and get_world_size() > 1:
                self._rows.sync()
        except OSError as error:
            self._failure = str(error.strerror or error)
            self.results[:] = [LOST] * len(self.results)

    def compute_metrics(self, results: list[tuple[str, int, int, str] | tuple[()]]) -> dict:
        """Write the file, in the main process.

        Args:
            results: Of each image file and row of its scores, its label and its own file, or :data:`LOST`.
        """
        known = [each for each in results if each]
        if len(known) < len(results) and (self._failure or known):
            with told(self.path, len(results), self.is_asked):
                reason = self._failure or 'another process could not keep its scores'
                raise UserError(f'predictions cannot be written to {self.path}: {reason}')
        if not known or len(known) < len(results):
            return {}
        with told(self.path, len(results), self.is_asked):
            save_predictions(self.path, self._saved(known))
        return {}

    def _saved(self, known: Sequence[tuple[str, int, int, str]]) -> SavedPredictions:
        files, rows, labels, paths = zip(*known, strict=True)
        num_classes = self._num_classes
        names = (self.dataset_meta or {}).get('classes') or range(num_classes)
        counts = np.full(num_classes, -1) if self._class_counts is None else self._class_counts
        power = np.nan if self._power is None else self._power
        try:
            scores: Any = ScoreRows(list(zip(files, rows, strict=True)), num_classes)
        except (OSError, ValueError) as error:
            raise UserError(
                f'predictions cannot be written to {self.path}: the main process cannot read the scores of another '
                f'one ({error}): name a folder that all machines share'
            ) from error
        return SavedPredictions(
            scores,
            np.array(labels),
            np.array(paths),
            np.array([str(name) for name in names]),
            counts,
            self.split,
            self.checkpoint + (' calibrated' if self._is_calibrated else ''),
            power,
        )
