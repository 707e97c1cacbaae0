"""Stop a run as a cluster or Ctrl-C would, and compare where runs end."""

import os
import signal

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from ltcl.engine import Runner


class SignalAt(Hook):
    """Sends a signal to this process at the start of an iteration."""

    def __init__(self, iteration: int, number: int) -> None:
        self.iteration = iteration
        self.number = number

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            os.kill(os.getpid(), self.number)


def train(cfg: Config, stop_at: int | None = None, number: int = signal.SIGTERM) -> Runner:
    """Train a config; a signal reaches it at the start of iteration ``stop_at``."""
    runner = Runner.from_cfg(cfg)
    if stop_at is not None:
        runner.register_hook(SignalAt(stop_at, number))
    runner.train()
    return runner


def assert_same_state(actual: Runner, expected: Runner) -> None:
    """Compare model and optimizer bit for bit."""
    ours, theirs = actual.model.state_dict(), expected.model.state_dict()
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    assert not different
    ours, theirs = (runner.optim_wrapper.optimizer.state_dict()['state'] for runner in (actual, expected))
    assert theirs
    assert all(torch.equal(ours[i][name], theirs[i][name]) for i in theirs for name in theirs[i])
