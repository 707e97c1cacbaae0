"""Broken images: which there are before a training starts, and how many it skipped."""

import time
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.datasets.image_checks import CHECKS, find_broken, find_skipped, image_files
from ltcl.datasets.samplers.labels import known_labels_of
from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.neutral_text import shorten
from ltcl.notices import warn
from ltcl.registry import HOOKS

from .class_counts_hook import count_classes

LIST_FILE = 'broken_images.txt'


@HOOKS.register_module()
class SkippedImagesHook(Hook):
    """Finds broken images before the training, and logs how many ``ltcl.LoadImage(broken='skip')`` skipped.

    Where the training set skips, all images of training and validation are looked at before the first iteration. Class
    counts then are those of the readable training images, and a broken image of validation is an error at once, since
    every image counts there. ``broken_images.txt`` in the work dir names all. What is skipped later, in all workers and
    processes, is logged after each epoch; the files are named once, when a worker meets them first. A data set for
    validation or test may not skip.

    Args:
        check: 'decode' reads every image as the training will, with the workers of its data loader; that takes a fifth
            to two fifths of the time of an epoch's loading. 'ends' reads the first and last bytes of each file: it
            finds those that are missing, empty, no images or cut off, not those that are damaged in the middle. 'none'
            looks at nothing. None, the default, is 'decode' where the training set skips and 'none' elsewhere: there
            any broken image is an error.

    Raises:
        UserError: Images of validation cannot be read, or any image of a training set that does not skip, or all; an
            evaluation skips; ``check`` is unknown.
    """

    priority = 'VERY_HIGH'  # the class counts come after it

    def __init__(self, check: str | None = None) -> None:
        if check not in (None, *CHECKS):
            raise UserError(f'check of ltcl.SkippedImagesHook must be one of {", ".join(CHECKS)}, got {check!r}')
        self.check = check
        self.num_known = 0

    def before_train(self, runner: Runner) -> None:
        """Refuse a validation set that skips or has broken images before hours are spent on training."""
        if runner.val_loop is not None:
            self.before_val(runner)
        training = runner.train_dataloader
        may_skip = next(find_skipped(training.dataset), None) is not None
        check = self.check or ('decode' if may_skip else 'none')
        if check == 'none':
            return
        sets = {'train_dataloader': training.dataset}
        if runner.val_loop is not None:
            sets['val_dataloader'] = runner.val_dataloader.dataset
        files = {name: image_files(dataset) for name, dataset in sets.items()}
        broken = self._look_at(runner, files, check)
        if broken and may_skip:
            _leave_out(training.dataset, broken)
        for name, paths in files.items():
            _judge(name, list(paths), broken, may_skip=name == 'train_dataloader' and may_skip)

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
        skipped = list(find_skipped(runner.train_dataloader.dataset))
        if not skipped:
            return
        total = torch.tensor(sum(each.total for each in skipped))
        all_reduce(total)
        num_new = int(total) - self.num_known
        self.num_known = int(total)
        if num_new:
            runner.logger.warning(
                f'skipped {num_new} broken images in this epoch, {self.num_known} since the start; others took their '
                'places'
            )

    @staticmethod
    def _look_at(runner: Runner, files: dict[str, dict], check: str) -> dict[str, str]:
        """Broken files of all sets, with the reasons; they are listed in the work dir."""
        every = {path: loader for paths in files.values() for path, loader in paths.items()}
        start = time.perf_counter()
        broken = find_broken(every, check, runner.train_dataloader.num_workers)
        if not is_main_process():
            return broken
        runner.logger.info(
            f'looked at {len(every)} images in {time.perf_counter() - start:.0f} s: {len(broken)} cannot be read '
            f'(check={check!r} of ltcl.SkippedImagesHook)'
        )
        lines = ''.join(f'{path}\t{reason}\n' for path, reason in broken.items())
        write_atomic(Path(runner.work_dir, LIST_FILE), lines)
        if broken:
            runner.logger.warning(
                f'cannot read {shorten(list(broken))}; {LIST_FILE} in the work dir names all such images'
            )
        return broken


def _leave_out(dataset: BaseDataset, broken: dict[str, str]) -> None:
    """Have the class counts leave out broken images, and warn of classes that lose all of theirs."""
    has_labels = known_labels_of(dataset) is not None
    before = count_classes(dataset) if has_labels else np.zeros(0)
    for skipped in find_skipped(dataset):
        skipped.broken = frozenset(broken)
    after = count_classes(dataset) if has_labels else before
    lost = np.flatnonzero((before > 0) & (after == 0))
    if len(lost):
        names = dataset.metainfo.get('classes') or range(len(before))
        warn(f'none of their training images can be read: {shorten([str(names[label]) for label in lost])}')


def _judge(name: str, paths: list[str], broken: dict[str, str], may_skip: bool) -> None:
    """Refuse a data set that cannot do without its broken images."""
    found = [path for path in paths if path in broken]
    if not found or (may_skip and len(found) < len(paths)):
        return
    remedy = '' if name != 'train_dataloader' or may_skip else ", or set broken='skip' of ltcl.LoadImage"
    raise UserError(
        f'{len(found)} of {len(paths)} images of {name} cannot be read, such as {found[0]} ({broken[found[0]]}): mend '
        f'or remove them{remedy}. {LIST_FILE} in the work dir names all'
    )


def _refuse(dataset: Dataset, loader: str) -> None:
    if next(find_skipped(dataset), None) is not None:
        raise UserError(
            f"{loader} skips broken images, but every image counts there: set broken='fail' of ltcl.LoadImage in its "
            'pipeline'
        )
