"""Weights and draws of the priority samplers: pure functions of class sizes, epoch and randomness."""

import random
from bisect import bisect
from collections.abc import Iterator

import numpy as np

from ltcl.errors import UserError

from .epoch_sampler import class_cycles


def mixed_class_weights(
    class_counts: np.ndarray, balance: float, root: float | None = None, balance_scale: float = 1.0
) -> np.ndarray:
    """Weight of each class between its size and an equal share.

    Args:
        class_counts: Images per class, shape (num_classes,).
        balance: Share of the balanced weights, 0 for natural to 1 for balanced.
        root: Balanced weights are the root of this order of the sizes, at least 1; None for equal ones.
        balance_scale: Sum of the balanced weights, in numbers of images of the data set.

    Returns:
        Weights, shape (num_classes,).
    """
    total = class_counts.sum()
    balanced = np.ones(len(class_counts)) if root is None else (class_counts / total) ** (1 / root)
    balanced *= total * balance_scale / balanced.sum()
    return balance * balanced + (1 - balance) * class_counts


def balance_schedule(max_epochs: int, cycle: int) -> np.ndarray:
    """Share of the balanced weights in each epoch.

    Args:
        max_epochs: Number of epochs; at least 3 for cycles 1 and 2.
        cycle: 0 rises once, 1 rises three times, 2 rises, falls and rises.

    Returns:
        Shares in 0..1; shape (max_epochs,), or the largest multiple of 3 below it for cycles 1 and 2.
    """
    rise = np.linspace(0, 1, max_epochs if cycle == 0 else max_epochs // 3)
    parts = {0: [rise], 1: [rise, rise, rise], 2: [rise, rise[::-1], rise]}
    if cycle not in parts:
        raise UserError(f'cycle of a priority sampler must be 0, 1 or 2, got {cycle}')
    if not len(rise):
        raise UserError(f'a priority sampler with cycle={cycle} needs max_epochs of at least 3, got {max_epochs}')
    return np.concatenate(parts[cycle])


def root_at(epoch: int, decay: str, gap: int, final_root: float | None, max_epochs: int) -> float:
    """Order of the root in an epoch: 1 keeps the natural weights, a large one comes near to balanced ones.

    Args:
        epoch: Counted from 0.
        decay: ``'exp'`` doubles it every ``gap`` epochs, ``'linear'`` adds 1, ``'autoexp'`` grows to ``final_root``.
        gap: Epochs between two steps.
        final_root: Order in the last epoch of ``'autoexp'``.
        max_epochs: Number of epochs.
    """
    if decay == 'exp':
        return 2.0 ** (epoch // gap)
    if decay == 'linear':
        return 1.0 + epoch // gap
    return (final_root or 1.0) ** (epoch / max(max_epochs - 1, 1))


def weighted_positions(weights: np.ndarray, rng: random.Random) -> Iterator[int]:
    """Draw positions with replacement, in the order of the published binary tree; endless.

    The tree keeps the weights in the leaves of a heap: from left to right come the leaves of the lowest level, which
    are the last weights, then the others.

    Args:
        weights: Not negative, not all zero, shape (N,).
        rng: One number in 0..1 is taken for each draw.

    Yields:
        A position with probability proportional to its weight.

    Raises:
        UserError: All weights are zero.
    """
    num_leaves = len(weights)
    first = 2 ** ((2 * num_leaves - 1).bit_length() - 1) - num_leaves
    leaves = np.roll(np.arange(num_leaves), -first).tolist()
    bounds = np.cumsum(weights[leaves]).tolist()
    if bounds[-1] <= 0:
        raise UserError('all weights of the sampler are zero: give a positive fixed_scale or priority')
    while True:
        # Rounding may put a number at the upper end.
        yield leaves[bisect(bounds, rng.random() * bounds[-1], hi=num_leaves - 1)]


def draw_by_class(labels: np.ndarray, weights: np.ndarray, rng: random.Random) -> Iterator[int]:
    """Draw classes by weight and of each the next image of a shuffled cycle; endless.

    Args:
        labels: Class of each sample, each of 0..num_classes-1 at least once, shape (N,).
        weights: Weight of each class, shape (num_classes,).
        rng: Gives both the draws and the shuffles.

    Yields:
        An index of ``labels``.
    """
    cycles = class_cycles(labels, rng)
    return (cycles[position].take() for position in weighted_positions(weights, rng))
