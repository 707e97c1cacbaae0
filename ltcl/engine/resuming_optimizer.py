"""Optimizer and schedules of a resumed run; what the config changes in them holds from here on."""

import warnings
from collections.abc import Iterable, Mapping, Sequence

from mmengine.optim import OptimWrapper, _ParamScheduler
from mmengine.runner import EpochBasedTrainLoop, Runner

from ltcl.errors import UserError

from .optimizers.fused import WAYS, lay_out_state
from .sharded.tensors import cut_optimizer_state

# What a schedule counts with or was told by the optimizer; everything else of it is its form.
COUNTERS = {'last_step', '_global_step', '_last_value', 'base_values', 'verbose', 'optimizer'}


def resume_optimizer(runner: Runner, checkpoint: Mapping, path: str, is_moved: bool) -> list[str]:
    """Load the states of optimizer and schedules.

    Args:
        runner: The runner; its optimizer and schedules are new, its position is that of the checkpoint.
        checkpoint: The checkpoint.
        path: Its file, for messages.
        is_moved: Whether the position was mapped, so that the counters of the schedules are not those of the file.

    Returns:
        What has changed, in words.

    Raises:
        UserError: They are of another optimizer, or lack schedules.
    """
    wrapper = runner.optim_wrapper
    schedules = _lists(runner.param_schedulers)
    stored = _stored_schedules(checkpoint, schedules, path)
    fresh = [_options(group) for group in wrapper.param_groups]
    _load_optimizer(wrapper, checkpoint['optimizer'], path)
    loaded = [_options(group) for group in wrapper.param_groups]
    changes = _changed_options(loaded, fresh)
    reformed = [each for each, state in _pairs(schedules, stored) if _form(state) != _form(vars(each))]
    if not (changes or reformed or (is_moved and not all(each.by_epoch for each in _flat(schedules)))):
        for each, state in _pairs(schedules, stored):
            each.load_state_dict(_as_lists(state))
        return []
    # As after their construction: schedules of the same optimizer multiply into each other, so they advance together.
    for group, options in zip(wrapper.param_groups, fresh, strict=True):
        group.update(options)
    _advance(_flat(schedules), runner)
    for each, state in _pairs(schedules, stored):
        if getattr(each, 'need_val_args', False):
            each.load_state_dict(_as_lists(state))
    # A schedule by iteration has another form as soon as epochs have another length, which is said already.
    is_news = any(each.by_epoch or not is_moved for each in reformed)
    return changes + ["the schedule is the config's, from the start"] * is_news


def _load_optimizer(wrapper: OptimWrapper, state: Mapping, path: str) -> None:
    ours = [len(group['params']) for group in wrapper.optimizer.param_groups]
    theirs = [len(group.get('params', ())) for group in state['param_groups']]
    options = [set(_options(group)) for group in (wrapper.optimizer.param_groups[0], state['param_groups'][0])]
    name = type(wrapper.optimizer).__name__
    if ours != theirs or not options[0] - {'initial_lr'} <= options[1]:
        raise UserError(
            f'the checkpoint {path} was trained with another optimizer or other parameter groups than {name} of the '
            'config, so the run cannot go on: take the optimizer that it was trained with, or start from its weights '
            f'with --cfg-options load_from={path} instead of --resume'
        )
    ways = [{way: group[way] for way in WAYS if way in group} for group in wrapper.param_groups]
    wrapper.load_state_dict(cut_optimizer_state(state, wrapper.optimizer.param_groups))
    for group, own in zip(wrapper.param_groups, ways, strict=True):
        group.update(own)
    lay_out_state(wrapper.optimizer)


def _options(group: Mapping) -> dict:
    """What an optimizer computes by; how it goes through the parameters is this machine's business."""
    return {name: value for name, value in group.items() if name not in ('params', *WAYS)}


def _changed_options(loaded: Sequence[dict], fresh: Sequence[dict]) -> list[str]:
    """Options of the optimizer that the config sets to another value than the checkpoint has."""
    changed: dict[str, str] = {}
    for old, new in zip(loaded, fresh, strict=True):
        for name in new.keys() & old.keys():
            key = f'initial_{name}' if f'initial_{name}' in new else name
            if not name.startswith('initial_') and _plain(old.get(key)) != _plain(new.get(key)):
                changed.setdefault(name, f'{name} {old.get(key)} then, {new.get(key)} now')
    return [changed[name] for name in sorted(changed)]


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def _stored_schedules(checkpoint: Mapping, schedules: list[list], path: str) -> list[list]:
    stored = _lists(checkpoint.get('param_schedulers'))
    ours, theirs = [len(group) for group in schedules], [len(group) for group in stored]
    if ours != theirs or not all(isinstance(each, Mapping) for group in stored for each in group):
        raise UserError(
            f'the checkpoint {path} has the states of {sum(theirs)} schedules, the config has {sum(ours)}, so the run '
            'cannot go on: take the param_scheduler that it was trained with, or start from its weights with '
            f'--cfg-options load_from={path} instead of --resume'
        )
    return stored


def _lists(schedules: Mapping | Sequence | None) -> list[list]:
    if isinstance(schedules, Mapping):
        return [list(group) for group in schedules.values()]
    return [list(schedules or [])]


def _flat(schedules: list[list]) -> list[_ParamScheduler]:
    return [each for group in schedules for each in group]


def _pairs(schedules: list[list], stored: list[list]) -> Iterable[tuple[_ParamScheduler, Mapping]]:
    return zip(_flat(schedules), _flat(stored), strict=True)


def _form(state: Mapping) -> dict:
    return {name: _plain(value) for name, value in state.items() if name not in COUNTERS}


def _as_lists(state: Mapping) -> dict:
    return {name: value for name, value in state.items() if name != 'optimizer'}


def _advance(schedules: Sequence[_ParamScheduler], runner: Runner) -> None:
    """Step schedules as ``ParamSchedulerHook`` has stepped them up to the runner's position."""
    by_iter = [each for each in schedules if not each.by_epoch and not getattr(each, 'need_val_args', False)]
    by_epoch = [each for each in schedules if each.by_epoch and not getattr(each, 'need_val_args', False)]
    in_epochs = isinstance(runner.train_loop, EpochBasedTrainLoop)
    length = len(runner.train_dataloader) if in_epochs else runner.iter + 1
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # mmengine warns of steps of a schedule before those of its optimizer
        for number in range(1, runner.iter + 1):
            for each in by_iter:
                each.step()
            if number % length == 0 and number // length <= runner.epoch:
                for each in by_epoch:
                    each.step()
