"""Which images stand for all, where not all can be looked at."""

import numpy as np
import torch
from torch import Tensor


def spread_evenly(number: int, most: int) -> Tensor:
    """Positions of at most so many of a number of rows, evenly spread over them."""
    return torch.linspace(0, number - 1, min(number, most)).round().long()


def keep_the_tail(labels: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """Positions of at most so many images, taken from the largest classes only, so that small ones stay whole.

    All classes have the same limit, the highest that keeps within ``most``; what is left after that goes to one more
    image of some of the classes that have more. Each class keeps an image, whatever the limit.

    Args:
        labels: Class of each image, shape (N,).
        most: Images that are wanted.
        seed: Of the draw within a class.

    Returns:
        In rising order, shape (M,); M is ``most``, or N or the number of classes where those are smaller or larger.
    """
    sizes = np.bincount(labels)
    limit = _limit(sizes, most)
    quotas = np.minimum(sizes, limit)
    generator = np.random.default_rng(seed)
    larger = generator.permutation(np.flatnonzero(sizes > limit))
    quotas[larger[: max(0, most - quotas.sum())]] += 1
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind='stable')]
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(labels)) - np.repeat(starts, sizes)
    return np.sort(by_class[rank < np.repeat(quotas, sizes)])


def _limit(sizes: np.ndarray, most: int) -> int:
    """Largest limit of a class, at least 1, under which all together are at most so many."""
    low, high = 1, max(1, int(sizes.max()))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(sizes, middle).sum() <= most else (low, middle - 1)
    return low
