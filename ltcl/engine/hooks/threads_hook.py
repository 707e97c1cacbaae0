"""Fewer threads when others take the cores, more when they are free again."""

import statistics
import time
from collections import deque
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.launch.threads import use_free_cores
from ltcl.registry import HOOKS

STATE_KEY = 'ltcl/threads'


@HOOKS.register_module()
class ThreadsHook(Hook):
    """Measures anew how many threads are fastest, when the steps of a training on the CPU have become slow.

    Steps are slow when the median of the last ``window`` is ``factor`` times the least one so far. A training that has
    fewer threads than it may have looks every ``pause`` seconds anyway. Sums are added in another order by another
    number of threads, and their last digits differ: a change is logged, and a run that is resumed with another number
    says so.

    Args:
        most: The most threads to take.
        window: Steps whose median counts.
        factor: How much slower is slow.
        pause: Least seconds from one measurement to the next.
    """

    priority = 'VERY_HIGH'

    def __init__(self, most: int, window: int = 10, factor: float = 3.0, pause: float = 60.0) -> None:
        self.most = most
        self.factor = factor
        self.pause = pause
        self.seconds: deque[float] = deque(maxlen=window)
        self.usual = float('inf')
        self.began = self.looked = 0.0

    def before_train(self, runner: Runner) -> None:
        """Say where a resumed run has another number of threads."""
        threads = torch.get_num_threads()
        before = runner.message_hub.get_info(STATE_KEY) if runner.iter > 0 else None
        if before not in (None, threads):
            runner.logger.info(
                f'The run had {before} threads and goes on with {threads}: its last digits may differ from those of a '
                f'run in one go (--threads {before} keeps them)'
            )
        runner.message_hub.update_info(STATE_KEY, threads)
        self.looked = time.monotonic()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """The step begins."""
        self.began = time.perf_counter()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """The step is done; measure anew if it was one of many slow ones."""
        self.seconds.append(time.perf_counter() - self.began)
        if len(self.seconds) < (self.seconds.maxlen or 0):
            return
        now = statistics.median(self.seconds)
        is_slow = now > self.factor * self.usual
        self.usual = min(self.usual, now)
        has_fewer = torch.get_num_threads() < self.most
        if (is_slow or has_fewer) and time.monotonic() - self.looked >= self.pause:
            self._look(runner)

    def _look(self, runner: Runner) -> None:
        before, threads = torch.get_num_threads(), use_free_cores(self.most)
        self.looked = time.monotonic()
        if threads == before:
            return
        reason = 'others use the cores' if threads < before else 'the cores are free again'
        runner.logger.info(f'threads: {threads} in place of {before}, since {reason}')
        runner.message_hub.update_info(STATE_KEY, threads)
        self.seconds.clear()
        self.usual = float('inf')
