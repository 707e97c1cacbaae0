"""A test whose answers are for a class mix that is named."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ltcl.evaluation.class_mixes import BALANCED, ESTIMATE, NATURAL, Mixes, Prior
from ltcl.models.class_mix import frequency_power
from ltcl.models.utils import gather
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped
from .class_counts_hook import ClassCountsHook

POWERS = {NATURAL: 1.0, BALANCED: 0.0}


@HOOKS.register_module()
class PriorHook(Hook):
    """Lets the head answer for a class mix in each test: what :class:`ltcl.evaluation.class_mixes.Mixes` says is added.

    Args:
        prior: As in :meth:`ltcl.LongTailClassifier.predict`. None changes no answer; metrics with ``set_shifts`` then
            report what the answers would be for the natural and for the balanced mix, where that can be told. Metrics
            with ``set_frequency_power`` are told which mix the answers are for.

    Raises:
        UserError: The mix is not as described.
    """

    priority = 'LOW'  # the class counts come before it

    def __init__(self, prior: Prior = None) -> None:
        self.prior = prior
        self._handle = None

    def before_test_epoch(self, runner: Runner) -> None:
        """Have something added to the logits from now on."""
        mixes = mixes_of(runner)
        _tell_power(runner, mixes.power if self.prior is None else POWERS.get(str(self.prior)))
        if self.prior is None:
            counts = mixes.class_counts
            if mixes.power is not None and counts is not None and len(counts) == len(mixes.classes):
                _report_both(runner, mixes)
            return
        logits = _all_logits(runner) if self.prior == ESTIMATE else None
        shift = mixes.shift(self.prior, logits)
        shares = ' '.join(f'{share:.4f}' for share in mixes.shares(self.prior, logits).tolist()[:20])
        runner.logger.info(f'The answers are for the class mix {self.prior}: {shares}')
        if shift is not None:
            head = unwrapped(runner.model).head
            self._handle = head.register_forward_hook(lambda head, given, logits: logits + shift.to(logits))

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Leave the logits as they are again."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None


def mixes_of(runner: Runner) -> Mixes:
    """Class mixes for the model under test."""
    head = unwrapped(runner.model).head
    sampler = (runner.cfg.get('train_dataloader') or {}).get('sampler')
    counts = next((hook.counts for hook in runner.hooks if isinstance(hook, ClassCountsHook)), None)
    classes = runner.test_dataloader.dataset.metainfo.get('classes') or range(head.num_classes)
    return Mixes([str(name) for name in classes], counts, frequency_power(head, sampler), type(head).__name__)


def _tell_power(runner: Runner, power: float | None) -> None:
    for metric in runner.test_loop.evaluator.metrics:
        if hasattr(metric, 'set_frequency_power'):
            metric.set_frequency_power(power)


def _report_both(runner: Runner, mixes: Mixes) -> None:
    nothing = torch.zeros(len(mixes.classes), dtype=torch.float64)
    shifts = {name: mixes.shift(name) for name in (NATURAL, BALANCED)}
    for metric in runner.test_loop.evaluator.metrics:
        if hasattr(metric, 'set_shifts'):
            metric.set_shifts({name: nothing if shift is None else shift for name, shift in shifts.items()})


@torch.no_grad()
def _all_logits(runner: Runner) -> Tensor:
    """Logits of the test images, of all processes."""
    model = unwrapped(runner.model).eval()
    rows = [model(model.data_preprocessor(batch, False)['inputs']) for batch in runner.test_dataloader]
    return gather(torch.cat(rows))
