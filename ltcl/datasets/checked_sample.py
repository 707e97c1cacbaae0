"""Which of many files a check looks at."""

import numpy as np

CHECKS = ('sample', 'all', 'none')


def indices_to_check(number: int, how: str, sample_size: int) -> list[int]:
    """Places of the files that are looked at, ascending.

    Args:
        number: How many files there are.
        how: 'all', 'none', or 'sample': ``sample_size`` of them at most, drawn once for all runs.
        sample_size: Size of a sample.
    """
    if how == 'none':
        return []
    if how != 'sample' or number <= sample_size:
        return list(range(number))
    return np.sort(np.random.default_rng(0).choice(number, sample_size, replace=False)).tolist()
