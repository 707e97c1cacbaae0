"""Training images per class, handed to everything that needs them."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import DATASETS
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from ltcl.checkpoints.class_names import trained_classes
from ltcl.datasets.image_checks import find_skipped, leaves
from ltcl.datasets.samplers.labels import labels_of
from ltcl.errors import UserError
from ltcl.evaluation import ClassSubsetAccuracy
from ltcl.notices import warn
from ltcl.registry import HOOKS

from ..class_agreement import check_head, check_names, class_names, real_names
from ..unwrapped import unwrapped

REMEDY = 'to train without counts set default_hooks.class_counts=None, and class_counts of a loss that needs them'


def count_classes(dataset: Dataset) -> np.ndarray:
    """Images per class of a data set, int64, shape (num_classes,), without those that it is known to skip.

    The number of classes is that of ``metainfo['classes']``, so that a class without an image counts 0; without class
    names it is the largest label plus one.

    Args:
        dataset: Data set whose labels :func:`~ltcl.datasets.samplers.labels.labels_of` finds.

    Raises:
        UserError: The data set does not tell its labels or gives an image several, or a label lies outside the range of
            the class names.
    """
    labels = labels_of(dataset, REMEDY)
    classes = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    num_classes = labels.max(initial=-1) + 1 if classes is None else len(classes)
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if len(outside):
        raise UserError(
            f'label {outside[0]} of {type(next(leaves(dataset))).__name__} is outside its {num_classes} classes: '
            "name all classes in metainfo['classes'] or correct the labels"
        )
    return np.bincount(labels[_is_readable(dataset, len(labels))], minlength=num_classes)


def _is_readable(dataset: BaseDataset, num_images: int) -> np.ndarray:
    """Mask of the images that ``ltcl.SkippedImagesHook`` did not find broken, shape (N,)."""
    broken = frozenset().union(*(skipped.broken for skipped in find_skipped(dataset)))
    if not broken:
        return np.ones(num_images, bool)
    return np.array([dataset.get_data_info(index).get('img_path') not in broken for index in range(num_images)])


@HOOKS.register_module()
class ClassCountsHook(Hook):
    """Counts the training images per class and gives them to model parts and metrics with ``set_class_counts``.

    The counts travel in the checkpoint's meta data, so that a test needs no training set; without them it is built from
    the config. A label must mean one class to the training images, the model and the images under test.

    Attributes:
        counts: Training images per class; None while they are not known.
        names: Names of their classes; None while they are not known, or where labels have none.
    """

    priority = 'HIGH'

    def __init__(self) -> None:
        self.counts: list[int] | None = None
        self.names: list[str] | None = None

    def before_train(self, runner: Runner) -> None:
        """Count the training set once, before the first iteration.

        Raises:
            UserError: The model or the images of the validation have other classes.
        """
        counts = self._take(runner.train_dataloader.dataset)
        self._hand_out(runner)
        check_head(unwrapped(runner.model), len(counts))
        self._check_names(runner)
        if is_main_process():
            runner.logger.info(f'Training images per class: {_summary(counts)}')
            remark = _remark(unwrapped(runner.model), runner.train_dataloader.batch_size)
            if remark:
                warn(remark)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the counts into the checkpoint's meta data."""
        checkpoint['meta']['class_counts'] = self.counts

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the counts out of the checkpoint's meta data."""
        self.counts = checkpoint.get('meta', {}).get('class_counts')
        self.names = real_names(trained_classes(checkpoint, getattr(runner, '_load_from', None) or 'to go on from'))

    def before_val(self, runner: Runner) -> None:
        """Metrics of a test, and of a validation outside training, need the counts as well."""
        if self.counts is None:
            loader = runner._train_dataloader
            if loader is None:
                return
            self._take(DATASETS.build(loader['dataset']) if isinstance(loader, dict) else loader.dataset)
        self._hand_out(runner)
        self._check_names(runner)

    before_test = before_val

    def count(self, dataset: Dataset) -> list[int]:
        """Training images per class of a data set."""
        return count_classes(dataset).tolist()

    def counts_for(self, taker: object) -> list[int]:
        """What a part or a metric is given."""
        assert self.counts is not None
        return self.counts

    def _take(self, dataset: Dataset) -> list[int]:
        self.counts, self.names = counts, _ = self.count(dataset), class_names(dataset)
        return counts

    def _hand_out(self, runner: Runner) -> None:
        model = unwrapped(runner.model)
        takers = [module for module in model.modules() if hasattr(module, 'set_class_counts')]
        takers += [metric for loop in _loops(runner).values() for metric in _count_metrics(loop)]
        for taker in takers:
            taker.set_class_counts(self.counts_for(taker))

    def _check_names(self, runner: Runner) -> None:
        for name, loop in _loops(runner).items():
            if not any(isinstance(metric, ClassSubsetAccuracy) for metric in loop.evaluator.metrics):
                check_names(self.names, class_names(loop.dataloader.dataset), f'{name}_dataloader')


def _loops(runner: Runner) -> dict[str, Any]:
    """What is run here: a loop that is still a config is not, as a test needs no images of validation."""
    loops = dict(val=runner._val_loop, test=runner._test_loop)
    return {name: loop for name, loop in loops.items() if isinstance(loop, BaseLoop)}


def _remark(model: Any, batch_size: int | None) -> str | None:
    """What a head has to say on its arguments now that it knows the counts."""
    remark = getattr(getattr(model, 'head', None), 'remark_on_counts', None)
    if batch_size is None or remark is None:
        return None
    return remark(batch_size * (len(model.online_views) + len(model.key_views)))


def _count_metrics(loop: BaseLoop) -> list:
    return [metric for metric in loop.evaluator.metrics if hasattr(metric, 'set_class_counts')]


def _summary(counts: list[int]) -> str:
    if len(counts) <= 20:
        return ' '.join(map(str, counts))
    return f'{len(counts)} classes, {max(counts)} (largest) to {min(counts)} (smallest), {sum(counts)} images'
