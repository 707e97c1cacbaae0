"""How many broken images a training skipped."""

from collections.abc import Iterator

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.datasets.transforms import LoadImage
from ltcl.errors import UserError
from ltcl.registry import HOOKS


def find_loaders(dataset: Dataset) -> Iterator[LoadImage]:
    """Every :class:`LoadImage` with ``broken='skip'`` of a data set, or of those that it wraps or joins."""
    inner = [dataset.dataset] if hasattr(dataset, 'dataset') else getattr(dataset, 'datasets', [])
    for each in inner:
        yield from find_loaders(each)
    transforms = [] if inner else getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
    yield from (each for each in transforms if isinstance(each, LoadImage) and each.skipped is not None)


@HOOKS.register_module()
class SkippedImagesHook(Hook):
    """Logs after each epoch how many images ``ltcl.LoadImage(broken='skip')`` skipped, in all workers and processes.

    The files are named once, when a worker meets them first. A data set for validation or test may not skip.
    """

    def __init__(self) -> None:
        self.num_known = 0

    def before_train(self, runner: Runner) -> None:
        """Refuse a validation set that skips before hours are spent on training."""
        if runner.val_loop is not None:
            self.before_val(runner)

    def before_val(self, runner: Runner) -> None:
        """Refuse a validation set that skips."""
        _refuse(runner.val_dataloader.dataset, 'val_dataloader')

    def before_test(self, runner: Runner) -> None:
        """Refuse a test set that skips."""
        _refuse(runner.test_dataloader.dataset, 'test_dataloader')

    def after_train_epoch(self, runner: Runner) -> None:
        """Log the number of skipped images, if there are any.

        Every process takes part: all have the same config, so all skip or none does.
        """
        loaders = list(find_loaders(runner.train_dataloader.dataset))
        if not loaders:
            return
        total = torch.tensor(sum(loader.skipped.total for loader in loaders))
        all_reduce(total)
        num_new = int(total) - self.num_known
        self.num_known = int(total)
        if num_new:
            runner.logger.warning(
                f'skipped {num_new} broken images in this epoch, {self.num_known} since the start; others took their '
                'places'
            )


def _refuse(dataset: Dataset, loader: str) -> None:
    if any(find_loaders(dataset)):
        raise UserError(
            f"{loader} skips broken images, but every image counts there: set broken='fail' of ltcl.LoadImage in its "
            'pipeline'
        )
