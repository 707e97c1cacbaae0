"""The length of a run: one number that stops the training and that the learning rate's schedule is made for."""

import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TypeGuard

from .config_values import replace_copies
from .hook_names import hooks_of
from .nodes import below
from .warmup import raise_first_factor

UNITS = ('max_epochs', 'max_iters')


def unit_of(cfg: Mapping) -> str | None:
    """``'max_epochs'`` or ``'max_iters'``: what counts a config's run; None where it is not trained."""
    train_cfg = cfg.get('train_cfg')
    if not isinstance(train_cfg, Mapping):
        return None
    return next((unit for unit in UNITS if is_length(train_cfg.get(unit))), None)


def length_of(cfg: Mapping, unit: str | None = None) -> int | None:
    """Epochs of a run, or iterations of one that counts in them.

    Args:
        cfg: A config or a part of one: what ``train_cfg`` says, else the variable ``max_epochs`` or ``max_iters``.
        unit: What counts the run; None is what the config's own ``train_cfg`` has.

    Returns:
        The length; None where the config says none, or says nonsense, which is for the check of values to refuse.
    """
    unit = unit or unit_of(cfg)
    for entries in (cfg.get('train_cfg'), cfg):
        if unit is not None and isinstance(entries, Mapping) and is_length(entries.get(unit)):
            return entries[unit]
    return None


def is_length(value: object) -> TypeGuard[int]:
    """Whether a value is a number of epochs or iterations."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def set_length(cfg: MutableMapping, length: int) -> dict[str, object]:
    """Train for another number of epochs, or of iterations where the config counts in them, schedule included.

    The warm-up stays as long as it is; one that would not end within the run shrinks with it, and still reaches the
    full rate. What ends with the run goes on to end with it: a cosine or a polynomial is stretched, milestones and
    periods keep their share of the run. A cosine that ends earlier has a length of its own, which stays.

    Args:
        cfg: A config, changed in place.
        length: New ``max_epochs`` or ``max_iters``.

    Returns:
        Keys of the schedule that could not be adapted, such as ``param_scheduler.T_max``, with their values. The run
        is not what it was unless they are set by hand.
    """
    unit, old = unit_of(cfg), length_of(cfg)
    if unit is None or old is None or old == length:
        return {}
    replace_copies(cfg, unit, old, length)
    stretch = _Stretch(old, length, unit, [part for _, part in schedulers(cfg)])
    stale = {}
    for path, part in schedulers(cfg):
        stale.update({f'{path}.{key}': part[key] for key in stretch.adapt(part)})
    for _, hook in hooks_of(cfg):
        if is_length(hook.get('begin_epoch')):
            hook['begin_epoch'] = stretch.share(hook['begin_epoch'])
    return stale


def schedulers(cfg: Mapping) -> Iterator[tuple[str, MutableMapping]]:
    """Each scheduler of a config with its key: one, a list, or such for each of several optimizers."""
    for path, node in below({'param_scheduler': cfg.get('param_scheduler')}):
        if isinstance(node, MutableMapping) and 'type' in node:
            yield path, node


def counts_in(part: Mapping) -> str:
    """``'max_epochs'`` or ``'max_iters'``: what a scheduler's numbers count."""
    return 'max_epochs' if part.get('by_epoch', True) else 'max_iters'


def _span(part: Mapping) -> int:
    """Steps of a scheduler that ends; 0 of one that goes on for ever."""
    return part['end'] - part.get('begin', 0) if 'end' in part else 0


class _Stretch:
    """From one length of a run to another.

    Args:
        old: Length that the schedules were made for.
        new: Length that they are to be made for.
        unit: What both count.
        parts: The schedulers.
    """

    def __init__(self, old: int, new: int, unit: str, parts: Sequence[Mapping]) -> None:
        self.old, self.new, self.unit = old, new, unit
        self.shift = new - old
        counted = [part for part in parts if counts_in(part) == unit]
        ends = [part.get(key, 0) for part in counted for key in ('warmup_epochs', 'begin', 'end')]
        # The warm-up would not end within the run.
        self.shrinks = max([end for end in ends if end < old], default=0) >= new

    def share(self, position: int, least: int = 1) -> int:
        """The position at the same share of the run, at least ``least``."""
        return max(least, position * self.new // self.old)

    def move(self, position: int, least: int = 1) -> int:
        """Where a position comes to lie: the run's end moves, the warm-up's end stays if it can."""
        if position >= self.old:
            return position + self.shift  # for ever stays for ever
        return self.share(position, least) if self.shrinks else position

    def adapt(self, part: MutableMapping) -> list[str]:
        """Adapt one scheduler in place; gives the keys that it cannot adapt."""
        if counts_in(part) != self.unit:
            return [key for key in ('T_max', 'milestones', 'periods', 'total_steps', 'step_size') if key in part]
        begin, span = part.get('begin', 0), _span(part)
        for key in ('begin', 'end', 'warmup_epochs'):
            if part.get(key):
                part[key] = self.move(part[key], least=0 if key == 'begin' else 1)
        if 0 < _span(part) < span:
            raise_first_factor(part, _span(part))
        stale = []
        bottom = begin + part['T_max'] if 'T_max' in part else -math.inf
        if bottom > self.old + 1:
            stale.append('T_max')
        elif bottom >= self.old - 1:
            part['T_max'] = max(1, part['T_max'] + self.shift + begin - part.get('begin', 0))
        if 'milestones' in part:
            # Recipes without the overshoot name the last epoch before a decay, 159 of 200 for four fifths of the run.
            before = 1 if part.get('overshoot') is False else 0
            part['milestones'] = [self.share(milestone + before) - before for milestone in part['milestones']]
        if 'step_size' in part:
            part['step_size'] = self.share(part['step_size'])
        if part.get('total_steps') == self.old:
            part['total_steps'] = self.new
        if 'periods' in part and sum(part['periods']) != self.old:
            stale.append('periods')
        elif 'periods' in part:
            part['periods'] = self._periods(part['periods'])
            if 'restart_weights' in part:
                part['restart_weights'] = part['restart_weights'][: len(part['periods'])]
        return stale + [key for key in ('total_steps', *UNITS) if part.get(key, self.new) != self.new]

    def _periods(self, periods: list[int]) -> list[int]:
        """Periods with the same shares of the run, which they fill; no more than it has epochs."""
        ends = [self.share(sum(periods[: number + 1]), least=number + 1) for number in range(len(periods))]
        ends = [end for end in ends if end < self.new] + [self.new]
        return [end - start for start, end in zip([0, *ends], ends, strict=False)]
