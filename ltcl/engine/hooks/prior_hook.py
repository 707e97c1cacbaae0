"""A test whose answers are calibrated, and for a class mix that is named."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from ltcl.calibration.record import Calibration, tempered
from ltcl.evaluation.class_mixes import BALANCED, ESTIMATE, NATURAL, Mixes, Prior
from ltcl.models.class_mix import frequency_power
from ltcl.models.utils import gather
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped
from .class_counts_hook import ClassCountsHook

POWERS = {NATURAL: 1.0, BALANCED: 0.0}
LEAST_LOG = -1e4


@HOOKS.register_module()
class PriorHook(Hook):
    """Lets the head answer in each test as the checkpoint is calibrated, and for a class mix that is named.

    First the temperatures of ``ltcl calibrate``, if the checkpoint has any; then what
    :class:`ltcl.evaluation.class_mixes.Mixes` says is added for the class mix.

    Args:
        prior: As in :meth:`ltcl.LongTailClassifier.predict`. None is the mix of the calibration; without one it changes
            no answer. Metrics with ``set_shifts`` then report what the answers would be for the natural and for the
            balanced mix, where that can be told. Metrics with ``set_frequency_power`` are told which mix the answers
            are for, those with ``set_calibration`` how they are calibrated.
        calibrated: Whether the calibration of the checkpoint is used.

    Raises:
        UserError: The mix is not as described, or the calibration is none.
    """

    priority = 'LOW'  # the class counts come before it

    def __init__(self, prior: Prior = None, calibrated: bool = True) -> None:
        self.prior, self.calibrated = prior, calibrated
        self.calibration: Calibration | None = None
        self._handles: list[RemovableHandle] = []

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the calibration out of the checkpoint's meta data."""
        head = getattr(unwrapped(runner.model), 'head', None)
        meta, classes = checkpoint.get('meta') or {}, getattr(head, 'num_classes', 0)
        source = runner._load_from or 'the checkpoint'
        self.calibration = Calibration.from_meta(meta, classes, source) if self.calibrated else None

    @property
    def about(self) -> dict[str, str]:
        """What a report says of the answers: their calibration, its class mix, and the mix that was named instead."""
        found = {} if self.prior is None else {'prior': str(self.prior)}
        if self.calibration is not None:
            found |= {'calibration': str(self.calibration), 'calibrated_prior': self.calibration.prior_name}
        return found

    def before_test_epoch(self, runner: Runner) -> None:
        """Have the logits divided and something added to them from now on."""
        mixes = mixes_of(runner, self.calibration)
        power = mixes.power if self.prior is None else POWERS.get(str(self.prior))
        if self.calibration is not None:
            self._temper(runner, mixes)
            if self.prior is None and self.calibration.prior is not None:
                power = self.calibration.prior_power
        _tell_power(runner, power)
        if self.prior is None:
            counts = mixes.class_counts
            if mixes.power is not None and counts is not None and len(counts) == len(mixes.classes):
                _report_both(runner, mixes)
            self._add(runner, mixes.shift(None))
            return
        if self.prior == ESTIMATE:
            mixes.answered()  # refuses before the first image what is refused
        logits = _all_logits(runner) if self.prior == ESTIMATE else None
        shares = ' '.join(f'{share:.4f}' for share in mixes.shares(self.prior, logits).tolist()[:20])
        runner.logger.info(f'The answers are for the class mix {self.prior}: {shares}')
        self._add(runner, mixes.shift(self.prior, logits))

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Leave the logits as they are again."""
        while self._handles:
            self._handles.pop().remove()

    def _temper(self, runner: Runner, mixes: Mixes) -> None:
        assert self.calibration is not None
        num_classes = len(mixes.classes)
        temperatures = self.calibration.temperature_of(mixes.class_counts, num_classes)
        for metric in runner.test_loop.evaluator.metrics:
            if hasattr(metric, 'set_calibration'):
                metric.set_calibration(self.calibration)
        named = '' if self.prior is None else f'; --prior {self.prior} takes the place of its class mix'
        runner.logger.info(f'The answers are {self.calibration}{named}; --uncalibrated leaves that out')
        head = unwrapped(runner.model).head
        self._handles.append(head.register_forward_hook(lambda head, given, logits: tempered(logits, temperatures)))

    def _add(self, runner: Runner, shift: Tensor | None) -> None:
        if shift is not None:
            head = unwrapped(runner.model).head
            self._handles.append(head.register_forward_hook(lambda head, given, logits: logits + shift.to(logits)))


def mixes_of(runner: Runner, calibration: Calibration | None = None) -> Mixes:
    """Class mixes for the model under test."""
    head = unwrapped(runner.model).head
    sampler = (runner.cfg.get('train_dataloader') or {}).get('sampler')
    counts = next((hook.counts for hook in runner.hooks if isinstance(hook, ClassCountsHook)), None)
    classes = runner.test_dataloader.dataset.metainfo.get('classes') or range(head.num_classes)
    names, power = [str(name) for name in classes], frequency_power(head, sampler)
    if calibration is None:
        return Mixes(names, counts, power, type(head).__name__)
    return calibration.mixes(names, counts, power, type(head).__name__)


def _tell_power(runner: Runner, power: float | None) -> None:
    for metric in runner.test_loop.evaluator.metrics:
        if hasattr(metric, 'set_frequency_power'):
            metric.set_frequency_power(power)


def _report_both(runner: Runner, mixes: Mixes) -> None:
    nothing = torch.zeros(len(mixes.classes), dtype=torch.float64)
    shifts = {name: mixes.shift(name) for name in (NATURAL, BALANCED)}
    default = mixes.shift(None)
    base = nothing if default is None else default.clamp_min(LEAST_LOG)  # a class without a share stays without
    for metric in runner.test_loop.evaluator.metrics:
        if hasattr(metric, 'set_shifts'):
            found = {name: nothing if shift is None else shift for name, shift in shifts.items()}
            metric.set_shifts({name: shift - base for name, shift in found.items()})


@torch.no_grad()
def _all_logits(runner: Runner) -> Tensor:
    """Logits of the test images, of all processes."""
    model = unwrapped(runner.model).eval()
    rows = [model(model.data_preprocessor(batch, False)['inputs']) for batch in runner.test_dataloader]
    return gather(torch.cat(rows))
