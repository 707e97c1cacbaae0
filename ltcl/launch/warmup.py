"""Warm-ups of a schedule; those by mmengine are told by a first factor and an end."""

from collections.abc import Mapping, MutableMapping

FIRST_FACTORS = {'Linear': 'start_factor', 'Constant': 'factor'}
MMENGINE_DEFAULT = 1 / 3


def raise_first_factor(part: MutableMapping, steps: int) -> None:
    """Let a warm-up that has been shortened reach its goal, as :class:`ltcl.WarmupCosineLR` does.

    mmengine's linear schedule is at its first factor in its first step, so one of a single step never leaves it, and
    what follows goes on from there. Here the first of W steps is at a W-th of the goal at least. An epoch that is
    converted to iterations has many steps, and stays.

    Args:
        part: A scheduler, changed in place; any that is no warm-up stays.
        steps: W.
    """
    name = str(part['type']).rpartition('.')[2]
    key = next((key for kind, key in FIRST_FACTORS.items() if name.startswith(kind)), None)
    if key is not None and not part.get('convert_to_iter_based'):
        part[key] = max(part.get(key, MMENGINE_DEFAULT), part.get('end_factor', 1.0) / steps)


def warmup_values(parts: Mapping[str, Mapping], key: str, length: int, epochs: int) -> dict[str, float]:
    """What another warm-up changes in the schedule: a cosine after it begins at its end, and ends where it ended.

    Args:
        parts: All schedulers by key, such as ``param_scheduler.0``.
        key: That of the scheduler whose warm-up it is.
        length: Epochs of the run.
        epochs: Epochs of warm-up.

    Returns:
        Values by dotted key, such as ``param_scheduler.0.end``; nothing where the scheduler has no warm-up in epochs.
    """
    part = parts[key]
    if part.get('warmup_epochs'):
        return {f'{key}.warmup_epochs': epochs}
    if not _is_linear_warmup(part, length):
        return {}
    values: dict[str, float] = {f'{key}.end': epochs}
    if not part.get('convert_to_iter_based'):
        values[f'{key}.start_factor'] = part.get('end_factor', 1.0) / epochs
    for other, begin in _begins_after(parts, key).items():
        values[f'{other}.begin'] = begin + epochs - part['end']
        if 'T_max' in parts[other]:
            values[f'{other}.T_max'] = max(1, parts[other]['T_max'] - epochs + part['end'])
    return values


def _is_linear_warmup(part: Mapping, length: int) -> bool:
    """Whether a scheduler is a linear rise of the rate over the first epochs of a run, not over all of it."""
    rises = part.get('start_factor', MMENGINE_DEFAULT) <= part.get('end_factor', 1.0)
    is_first = part.get('by_epoch', True) and part.get('begin', 0) == 0 and part.get('end', length) < length
    return part['type'] == 'LinearLR' and is_first and rises


def _begins_after(parts: Mapping[str, Mapping], key: str) -> dict[str, int]:
    """Where the same optimizer's schedulers begin that follow a warm-up, from its last epoch or from its end on."""
    owner, end = key.rpartition('.')[0], parts[key]['end']
    begins = {other: part.get('begin', 0) for other, part in parts.items() if other.rpartition('.')[0] == owner}
    return {other: begin for other, begin in begins.items() if begin and begin in (end - 1, end)}
