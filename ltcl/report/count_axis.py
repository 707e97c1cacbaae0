"""The axis of counts from none to millions: logarithmic, and yet with a place for 0."""

import math


def height_of(count: float) -> float:
    """Height of a count: log10(count + 1), so that none has none and one is seen."""
    return math.log10(count + 1)


def count_ticks(most: float) -> list[tuple[float, str]]:
    """Height and text of the powers of ten up to the first that is not below a count, all or every second one.

    Args:
        most: The largest count.

    Example:
        >>> [(round(height, 3), text) for height, text in count_ticks(1200)]
        [(0.301, '1'), (1.041, '10'), (2.004, '100'), (3.0, '1k'), (4.0, '10k')]
    """
    highest = math.ceil(math.log10(max(most, 10)))
    powers = range(0, highest + 1, 1 if highest < 5 else 2)
    return [(height_of(10**power), f'{10 ** (power % 3)}{" kMGT"[power // 3].strip()}') for power in powers]
