"""A test of a segmentation that keeps what the model answered."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.predictions.calibration import NUM_BINS, class_bin_sums
from ltcl.predictions.few_of_each import few_of_each
from ltcl.predictions.saved_scenes import VOID, SavedScenes, save_scenes
from ltcl.registry import METRICS

from .told import told
from .wrong_areas import SIDE, WrongArea, cut_out

MOST_AREAS = 160
PER_IMAGE = 2
Result = tuple[str, np.ndarray, np.ndarray, list[WrongArea]]


@METRICS.register_module()
class SaveScenes(BaseMetric):
    """Writes pixels by true and predicted class of every image, how sure the model was, and the largest wrong areas.

    The file holds :class:`SavedScenes`.

    It has no figures.

    Args:
        path: The ``.npz`` file.
        split: Which images are tested.
        checkpoint: Name of the model.
        ignore_index: Label of void pixels.
        is_asked: False, where nobody named the file: a place that cannot be written is a warning.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes' results are gathered.

    Example:
        >>> import torch
        >>> metric = SaveScenes('scenes.npz', split='val')
        >>> metric.dataset_meta = dict(classes=['road', 'crack'])
        >>> truth, answer = torch.tensor([[[0, 0], [1, 255]]]), torch.tensor([[[0, 1], [1, 1]]])
        >>> metric.process(None, [dict(gt_sem_seg=dict(data=truth), pred_sem_seg=dict(data=answer))])
        >>> metric.results[0][1].tolist()  # true class, predicted class, pixels; `evaluate` writes those of all images
        [[0, 0, 1], [0, 1, 1], [1, 1, 1]]
    """

    default_prefix = ''  # it has no figures, so none needs one

    def __init__(
        self,
        path: str,
        split: str = 'test',
        checkpoint: str = '',
        ignore_index: int = 255,
        is_asked: bool = True,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device)
        self.path, self.split, self.checkpoint = path, split, checkpoint
        self.ignore_index, self.is_asked = ignore_index, is_asked
        self._class_counts: np.ndarray | None = None

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take the training images or pixels of each class, shape (num_classes,)."""
        self._class_counts = np.asarray(class_counts)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count the pixels of each image of a batch, and cut out where most of them are wrong.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``pred_sem_seg`` and ``gt_sem_seg`` of shape (1, H, W), and ``img_path``;
                ``seg_logits`` of shape (C, H, W), or (1, H, W) of two classes, tells how sure the model was.
        """
        num_classes = len(self._classes())
        for sample in data_samples:
            answer, truth = (
                sample[name]['data'].squeeze(0).cpu().numpy().astype(np.int64)
                for name in ('pred_sem_seg', 'gt_sem_seg')
            )
            is_known = (truth != self.ignore_index) & (truth >= 0) & (truth < num_classes)
            truth = np.where(is_known, truth, VOID)
            entries = count_pixels(truth[is_known], answer[is_known], num_classes)
            wrong = entries[entries[:, 0] != entries[:, 1]]
            largest = wrong[np.argsort(-wrong[:, 2], kind='stable')][:PER_IMAGE].tolist()
            path = str(sample.get('img_path') or '')
            areas = [cut_out(path, truth, answer, true, predicted) for true, predicted, _ in largest]
            bins = self._bins(sample, truth, answer, is_known)
            self.results.append((path, entries, bins, areas))
        if sum(len(areas) for *_, areas in self.results) > 4 * MOST_AREAS:
            keep_largest(self.results)

    def compute_metrics(self, results: list[Result]) -> dict:
        """Write the file, in the main process.

        Args:
            results: Of each image its file, its rows of true class, predicted class and pixels, those of
                :func:`filled_bins`, and its wrong areas.
        """
        if not results:
            return {}
        areas = keep_largest(results)
        classes = self._classes()
        counts = np.full(len(classes), -1) if self._class_counts is None else self._class_counts
        saved = SavedScenes(
            np.concatenate([np.insert(entries, 0, image, axis=1) for image, (_, entries, *_) in enumerate(results)]),
            np.array([path for path, *_ in results]),
            np.array([str(name) for name in classes]),
            counts,
            np.array((self.dataset_meta or {}).get('palette') or colours(len(classes))),
            add_bins([bins for _, _, bins, _ in results], len(classes)),
            np.array([(image, area.true, area.predicted, area.pixels) for image, area in areas]).reshape(-1, 4),
            np.array([area.picture for _, area in areas]).reshape(-1, SIDE, SIDE, 3),
            np.array([area.truth for _, area in areas]).reshape(-1, SIDE, SIDE),
            np.array([area.answer for _, area in areas]).reshape(-1, SIDE, SIDE),
            self.split,
            self.checkpoint,
        )
        with told(self.path, len(results), self.is_asked):
            save_scenes(self.path, saved)
        return {}

    def _bins(self, sample: dict, truth: np.ndarray, answer: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        if 'seg_logits' not in sample:
            return np.empty((0, 5))
        logits = sample['seg_logits']['data']
        confidence = confidence_of(logits, torch.from_numpy(answer).to(logits.device)).cpu().numpy()[is_known]
        truth, is_right = truth[is_known], (truth == answer)[is_known]
        return filled_bins(class_bin_sums(truth, confidence, is_right, len(self._classes())))

    def _classes(self) -> Sequence[str]:
        return (self.dataset_meta or {})['classes']


def confidence_of(logits: Tensor, answer: Tensor) -> Tensor:
    """Probability of the answer at each pixel, float32, shape (H, W).

    Args:
        logits: Shape (C, H, W); (1, H, W) is the probability of the second of two classes, as mmseg has it there.
        answer: Predicted classes, shape (H, W).
    """
    logits = logits.float()
    if len(logits) == 1:
        return torch.where(answer > 0, logits[0], 1 - logits[0])
    return (logits.gather(0, answer.long()[None])[0] - logits.logsumexp(0)).exp()


def filled_bins(sums: np.ndarray) -> np.ndarray:
    """Rows of class, bin and its three sums, of the bins that hold anything; shape (P, 5).

    Args:
        sums: From :func:`ltcl.predictions.calibration.class_bin_sums`.
    """
    labels, bins = np.nonzero(sums[:, 0])
    return np.column_stack([labels, bins, sums[labels, :, bins]])


def add_bins(rows: Sequence[np.ndarray], num_classes: int) -> np.ndarray:
    """Sum of the bins of all images, float64, shape (num_classes, 3, num_bins).

    Args:
        rows: From :func:`filled_bins`, of each image.
        num_classes: Number of classes.
    """
    found = np.zeros((num_classes, 3, NUM_BINS))
    for each in rows:
        labels, bins = each[:, :2].astype(int).T
        found[labels, :, bins] += each[:, 2:]
    return found


def count_pixels(truth: np.ndarray, answer: np.ndarray, num_classes: int) -> np.ndarray:
    """Rows of true class, predicted class and number of pixels, int64, shape (P, 3).

    Args:
        truth: True classes, shape (N,).
        answer: Predicted classes, shape (N,).
        num_classes: Number of classes.
    """
    counts = np.bincount(truth * num_classes + answer, minlength=num_classes**2)
    pairs = np.flatnonzero(counts)
    return np.stack([*np.divmod(pairs, num_classes), counts[pairs]], axis=1)


def keep_largest(results: list[Result]) -> list[tuple[int, WrongArea]]:
    """Drop all wrong areas but the largest: a few of each pair of classes first.

    Args:
        results: Of some images; their lists of areas are changed.

    Returns:
        Image and area of those that stay, the largest first.
    """
    areas = [(image, area) for image, (*_, found) in enumerate(results) for area in found]
    areas.sort(key=lambda each: -each[1].pixels)
    kept = [areas[place] for place in few_of_each([(area.true, area.predicted) for _, area in areas], MOST_AREAS)]
    for *_, found in results:
        found.clear()
    for image, area in kept:
        results[image][-1].append(area)
    return kept


def colours(number: int) -> np.ndarray:
    """Colours for classes that have none, uint8, shape (number, 3)."""
    return np.random.default_rng(0).integers(30, 230, (number, 3), dtype=np.uint8)
