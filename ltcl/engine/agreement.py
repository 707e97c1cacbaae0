"""How processes agree on a number at little cost."""

import math
import time

import torch
from mmengine.dist import all_reduce, get_world_size

# One question costs at most this share of the time between two.
MAX_COST = 0.005
MAX_PERIOD = 5.0


def any_process(found: bool) -> bool:
    """Whether something is so on any process, the same answer on all."""
    if get_world_size() == 1:
        return found
    number = torch.tensor(int(found))
    all_reduce(number, 'max')
    return bool(number)


class Agreement:
    """The largest number that any process brings, known to all in the same step.

    An all-reduce in every step would cost too much where steps are short, and one every ten steps comes too late where
    they are long. Every answer carries the number of steps to the next question, which follows from the slowest step
    of the slowest process. So all ask in the same steps, about once a second; steps that become ten times slower from
    one to the next still give an answer within ten seconds or one step.

    Args:
        period: Seconds from one question to the next.
        max_steps: Steps that every process takes part in; nobody asks after that. None: no end.
    """

    def __init__(self, period: float = 1.0, max_steps: int | None = None) -> None:
        self.period = period
        self.max_steps = max_steps
        self.interval = 1
        """Steps between the last question and the next."""
        self._num_steps = 0
        self._due = 1
        self._cost = 0.0
        self._slowest = 0.0
        self._clock = time.monotonic()

    def ask(self, number: int) -> int:
        """Call this in each step, on all processes.

        Args:
            number: What this process brings, 0 for nothing.

        Returns:
            The largest number of all; 0 in the steps without a question.
        """
        if get_world_size() == 1:
            return number
        now = time.monotonic()
        self._slowest, self._clock = max(self._slowest, now - self._clock), now
        self._num_steps += 1
        is_over = self.max_steps is not None and self._num_steps > self.max_steps
        if self._num_steps < self._due or is_over:
            return 0
        answer = torch.tensor([number, -self._wanted_interval()])
        all_reduce(answer, 'max')
        number, self.interval = int(answer[0]), -int(answer[1])
        self._due = self._num_steps + self.interval
        self._clock = time.monotonic()
        # The least is the cost; the rest is waiting for others, which the next gradient would have waited for.
        self._cost = min(self._cost or self._clock - now, self._clock - now)
        self._slowest = 0.0
        return number

    def _wanted_interval(self) -> int:
        """Steps to the next question; at most twice as many as last time, as the first steps may be quick."""
        period = min(max(self.period, self._cost / MAX_COST), MAX_PERIOD)
        steps = math.ceil(period / max(self._slowest, 1e-6))
        return max(1, min(steps, 2 * self.interval))
