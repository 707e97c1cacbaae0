"""Which images of a balanced set make it long-tailed: class sizes and the published draw. Pure functions.

The sizes and the draw are those of CIFAR-LT as `Class-Balanced Loss <https://arxiv.org/abs/1901.05555>`_ and `LDAM
<https://arxiv.org/abs/1906.07413>`_ introduced it and the methods here use it: class 0 is the largest.
"""

import math
from fractions import Fraction

import numpy as np

from ..errors import UserError
from ..value_ranges import check_choice


def class_counts_exponential(num_max: float | np.ndarray, num_classes: int, imbalance_factor: float) -> np.ndarray:
    """Class sizes that fall geometrically: ``int(num_max * r ** (i / (num_classes - 1)))``, r = 1 / imbalance_factor.

    Args:
        num_max: Images of the largest class; an array of shape (num_classes,) shortens classes of unequal size.
        num_classes: Number of classes, at least 1.
        imbalance_factor: Largest over smallest class, at least 1.

    Returns:
        Images per class, int64, shape (num_classes,), truncated; the last may be 0.

    Raises:
        UserError: A number is out of its range.

    Example:
        >>> class_counts_exponential(500, num_classes=10, imbalance_factor=100)
        array([500, 299, 179, 107,  64,  38,  23,  13,   8,   5])
    """
    ratio = _smallest_over_largest(imbalance_factor)
    # Python's power is the C library's, as in the published code; NumPy's may differ in the last bit, then by an image.
    decay = [ratio ** (i / max(num_classes - 1, 1)) for i in range(num_classes)]
    return _truncated(num_max, decay)


def class_counts_step(num_max: float | np.ndarray, num_classes: int, imbalance_factor: float) -> np.ndarray:
    """Class sizes of two levels: the first half keeps ``num_max``, the others ``int(num_max / imbalance_factor)``.

    Arguments, result and errors are those of :func:`class_counts_exponential`. An odd number of classes has one more
    small class than large ones.

    Example:
        >>> class_counts_step(500, num_classes=4, imbalance_factor=100)
        array([500, 500,   5,   5])
    """
    ratio = _smallest_over_largest(imbalance_factor)
    num_large = num_classes // 2
    return _truncated(num_max, [1.0] * num_large + [ratio] * (num_classes - num_large))


PROFILES = {'exponential': class_counts_exponential, 'step': class_counts_step}


def sample_long_tail(
    labels: np.ndarray,
    imbalance_factor: float,
    profile: str = 'exponential',
    num_max: float | np.ndarray | None = None,
    seed: int = 0,
    num_classes: int | None = None,
) -> np.ndarray:
    """Indices of the images that a long-tailed set keeps, identical to the published CIFAR-LT draw.

    With one legacy NumPy generator, the ascending indices of class 0, then of class 1, ... are shuffled in place, and
    the first of each are kept, as many as the profile says. NumPy's global generator is not touched.

    Args:
        labels: Class of each image, integers, shape (N,).
        imbalance_factor: Largest over smallest class, at least 1.
        profile: 'exponential' or 'step'.
        num_max: Images kept of the largest class; by default the size of the smallest class in ``labels``, which is
            the published choice for a balanced set and the largest one that every class can fill.
        seed: Of the draw; 0 is the published one.
        num_classes: Number of classes; by default one more than the largest label.

    Returns:
        Kept indices, int64, grouped by ascending class, in the order of the draw.

    Raises:
        UserError: A number is out of range, a label lies outside the classes, or a class has too few images.

    Example:
        >>> labels = np.repeat([0, 1], 100)
        >>> kept = sample_long_tail(labels, imbalance_factor=20)
        >>> np.bincount(labels[kept])
        array([100,   5])
    """
    pools = _shuffled_classes(labels, num_classes, seed)
    counts = _long_tail_counts(pools, imbalance_factor, profile, num_max)
    return np.concatenate([pool[:count] for pool, count in zip(pools, counts, strict=True)])


def sample_held_out(
    labels: np.ndarray,
    num_per_class: int,
    imbalance_factor: float,
    profile: str = 'exponential',
    num_max: float | np.ndarray | None = None,
    seed: int = 0,
    num_classes: int | None = None,
) -> np.ndarray:
    """Indices of a balanced set for tuning, out of the images that :func:`sample_long_tail` leaves.

    They are the last of each shuffled class, so one seed holds out the same images for every profile and factor.

    Args:
        labels: Class of each image, integers, shape (N,).
        num_per_class: Images to hold out of each class.
        imbalance_factor: As for the training draw, like all further arguments.

    Returns:
        Held-out indices, int64, grouped by ascending class.

    Raises:
        UserError: As :func:`sample_long_tail`, or the training draw leaves too few images of a class.

    Example:
        >>> labels = np.repeat([0, 1], 100)
        >>> held_out = sample_held_out(labels, 2, imbalance_factor=10, num_max=50)
        >>> np.bincount(labels[held_out])
        array([2, 2])
        >>> set(held_out) & set(sample_long_tail(labels, imbalance_factor=10, num_max=50))
        set()
    """
    if num_per_class < 1:
        raise UserError(f'num_val must be at least 1 image per class, got {num_per_class}')
    pools = _shuffled_classes(labels, num_classes, seed)
    left = _sizes(pools) - _long_tail_counts(pools, imbalance_factor, profile, num_max)
    short = np.flatnonzero(left < num_per_class)
    if len(short):
        raise UserError(
            f'class {short[0]} has {left[short[0]]} images that the training draw leaves, but {num_per_class} are to '
            f'be held out: lower num_max or num_val'
        )
    return np.concatenate([pool[-num_per_class:] for pool in pools])


def _smallest_over_largest(imbalance_factor: float) -> float:
    """1 / imbalance_factor, in the digits in which the ratio is published.

    The published lists are drawn with ratios such as 0.05 or 1/3. Truncation turns a rounding error in the ratio into
    one image less, so a simple fraction within the rounding of 1 / imbalance_factor stands for it.
    """
    if not (imbalance_factor >= 1 and math.isfinite(imbalance_factor)):
        raise UserError(
            f'imbalance_factor must be at least 1, got {imbalance_factor}: '
            f'it is the largest over the smallest class, so write 100, not 0.01'
        )
    ratio = 1 / float(imbalance_factor)
    simple = float(Fraction(ratio).limit_denominator(10**7))
    return simple if math.isclose(simple, ratio, rel_tol=3e-16) else ratio


def _truncated(num_max: float | np.ndarray, shares: list[float]) -> np.ndarray:
    if not shares:
        raise UserError('num_classes must be at least 1, got 0')
    if np.min(num_max) < 1:
        raise UserError(f'num_max must be at least 1, got {num_max}')
    return (num_max * np.array(shares)).astype(np.int64)


def _long_tail_counts(
    pools: list[np.ndarray], imbalance_factor: float, profile: str, num_max: float | np.ndarray | None
) -> np.ndarray:
    """Class sizes of the profile, after a check that every class can fill its own."""
    check_choice('profile', profile, PROFILES)
    sizes = _sizes(pools)
    if num_max is None:
        empty = np.flatnonzero(sizes == 0)
        if len(empty):
            raise UserError(f'class {empty[0]} of {len(pools)} has no image, so no long tail can be drawn')
        num_max = sizes.min()
    counts = PROFILES[profile](num_max, len(pools), imbalance_factor)
    short = np.flatnonzero(counts > sizes)
    if len(short):
        raise UserError(
            f'class {short[0]} has {sizes[short[0]]} images, but the {profile} profile asks for {counts[short[0]]}: '
            f'lower num_max'
        )
    return counts


def _sizes(pools: list[np.ndarray]) -> np.ndarray:
    return np.array([len(pool) for pool in pools])


def _shuffled_classes(labels: np.ndarray, num_classes: int | None, seed: int) -> list[np.ndarray]:
    """Indices of each class, shuffled one class after the other by one generator."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(
            f'a long tail needs one integer class per image, got labels of shape {labels.shape} and type {labels.dtype}'
        )
    num_classes = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.min() < 0 or labels.max() >= num_classes:
        raise UserError(
            f'labels reach from {labels.min()} to {labels.max()}, but num_classes is {num_classes}: '
            f'classes must be 0 to {num_classes - 1}'
        )
    sizes = np.bincount(labels, minlength=num_classes)
    pools = np.split(np.argsort(labels, kind='stable'), np.cumsum(sizes)[:-1])
    generator = np.random.RandomState(seed)
    for pool in pools:
        generator.shuffle(pool)
    return pools
