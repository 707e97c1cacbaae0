"""Which of many things to show."""

from collections.abc import Hashable, Sequence

PER_KIND = 4


def few_of_each(kinds: Sequence[Hashable], most: int) -> list[int]:
    """Places of the things to show, in order: a few of each kind first, then any.

    Args:
        kinds: Kind of each thing, the thing to show first at the front.
        most: How many there may be.

    Example:
        >>> few_of_each('aaaaaab', 6)
        [0, 1, 2, 3, 4, 6]
    """
    seen: dict[Hashable, int] = {}
    first: list[int] = []
    later: list[int] = []
    for place, kind in enumerate(kinds):
        seen[kind] = seen.get(kind, 0) + 1
        (first if seen[kind] <= PER_KIND else later).append(place)
    return sorted([*first, *later][:most])
