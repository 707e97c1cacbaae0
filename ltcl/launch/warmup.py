"""Warm-ups by mmengine's schedulers, which are told by a first factor and an end."""

from collections.abc import MutableMapping

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
