"""Masks are compared with the classes before a segmentation model is trained or tested on them."""

import logging
from collections.abc import Iterable, Iterator
from itertools import chain

from mmengine.hooks import Hook
from mmengine.registry import DATASETS
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from ltcl.datasets.seg_masks import MaskSet, Survey, diagnose, find_mask_sets, remarks, take_survey
from ltcl.errors import UserError
from ltcl.registry import HOOKS

from .seg_settings import rule_of


@HOOKS.register_module()
class CheckMasksHook(Hook):
    """Looks at masks of each data set before the first iteration, and lets none with a strange label pass afterwards.

    A label that is neither a class nor void, a colour mask, a lossy file, a mask of another size than its image, a mask
    that is missing, and masks that show nothing but void are errors with file, value and the key to set. A class in no
    mask is said. The test set of a training is looked at as well, and what is wrong with it is a warning.

    From then on every mask is compared where it is read, in the workers of the dataloader, before it is cropped.

    Args:
        num_masks: How many masks of each data set are looked at, spread over it; ``'all'`` for all.

    Raises:
        UserError: ``num_masks`` is neither.
    """

    priority = 'HIGH'

    def __init__(self, num_masks: int | str = 256) -> None:
        if num_masks != 'all' and not (isinstance(num_masks, int) and num_masks > 0):
            raise UserError(f"CheckMasksHook: num_masks is a number above 0 or 'all', got {num_masks!r}")
        self.num_masks = num_masks

    def before_run(self, runner: Runner) -> None:
        """Look at the data sets of the loops that are about to run.

        Raises:
            UserError: A data set cannot be trained on or tested with.
        """
        trained: Survey | None = None
        for name, loop in _loops(runner):
            survey = self._check(runner, name, loop.dataloader.dataset, trained)
            trained = survey if name == 'train' else trained
        if isinstance(runner._train_loop, BaseLoop):
            self._look_ahead(runner, trained)

    def _check(self, runner: Runner, name: str, dataset: Dataset, trained: Survey | None) -> Survey | None:
        mask_sets = [each for each in find_mask_sets(dataset) if not each.is_checked]
        if not mask_sets:
            return None
        rule = rule_of(runner, name, dataset)
        for mask_set in mask_sets:
            mask_set.guard_reading()
        survey = take_survey(mask_sets, self.num_masks, runner.seed or 0)
        # A test set without the second class is believed to mean its void if the training set has void and both.
        means_void = trained is not None and len(trained.labels) > rule.num_classes
        if fault := diagnose(survey, rule, with_void=not means_void):
            raise UserError(f'{name}_dataloader: {fault}')
        for level, text in chain(remarks(survey, rule), _left_out(mask_sets)):
            runner.logger.log(level, f'{name}_dataloader: {text}')
        for mask_set in mask_sets:
            mask_set.check_labels(rule)
        return survey

    def _look_ahead(self, runner: Runner, trained: Survey | None) -> None:
        """Warn of a test set with which the training could not be tested afterwards."""
        loader = runner._test_dataloader
        if not isinstance(loader, dict) or loader == runner.cfg.get('val_dataloader'):
            return
        try:
            self._check(runner, 'test', DATASETS.build(loader['dataset']), trained)
        except Exception as error:  # whatever it is: a training needs no test set
            runner.logger.warning(f'the test set cannot be used as it is: {error}')


def _loops(runner: Runner) -> Iterator[tuple[str, BaseLoop]]:
    loops = dict(train=runner._train_loop, val=runner._val_loop, test=runner._test_loop)
    return ((name, loop) for name, loop in loops.items() if isinstance(loop, BaseLoop))


def _left_out(mask_sets: Iterable[MaskSet]) -> Iterator[tuple[int, str]]:
    for folder, number, ending in filter(None, (mask_set.left_out() for mask_set in mask_sets)):
        yield (
            logging.WARNING,
            f'{number} pictures in {folder} are no part of the data set: they end in {ending}, not in its img_suffix',
        )
