"""How evenly points lie on the unit sphere, and the published search that minimises it."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ltcl.errors import UserError
from ltcl.progress_bars import tracked


def check_sizes(num_classes: int, feat_dim: int) -> None:
    """Refuse targets of a number and a width that cannot be.

    Raises:
        UserError: No class, no dimension, or more than two classes on a line.
    """
    if num_classes < 1 or feat_dim < 1:
        raise UserError(f'targets need num_classes and feat_dim of at least 1, got {num_classes} and {feat_dim}')
    if feat_dim == 1 and num_classes > 2:
        raise UserError(f'feat_dim=1 has room for 2 different targets, not {num_classes}: use a larger feat_dim')


def uniformity(targets: Tensor, temperature: float = 0.07) -> Tensor:
    """Mean over targets of the log-sum-exp of the cosines to all targets, the own one included.

    Args:
        targets: Rows of any length, shape (num_classes, feat_dim). float32 is too coarse to tell good sets apart.
        temperature: Divides the cosines.

    Returns:
        Scalar of the targets' dtype; small is good, see :func:`uniformity_bound`.
    """
    points = F.normalize(targets, dim=1)
    return torch.logsumexp(points @ points.T / temperature, dim=1).mean()


def uniformity_bound(num_classes: int, temperature: float = 0.07) -> float:
    """Least possible :func:`uniformity`, which a regular simplex reaches and nothing else."""
    if num_classes == 1:
        return 1 / temperature
    others = (num_classes - 1) * math.exp(-(1 + 1 / (num_classes - 1)) / temperature)
    return 1 / temperature + math.log1p(others)


def min_angle(targets: Tensor) -> float:
    """Smallest angle between two of the targets in degrees; 180 for a single one.

    Args:
        targets: Rows of any length, shape (num_classes, feat_dim).
    """
    points = F.normalize(targets.double(), dim=1)
    cosines = (points @ points.T).fill_diagonal_(-1)
    return math.degrees(cosines.max().clamp(-1, 1).acos().item())


def published_steps(init: Tensor, temperature: float = 0.07, lr: float = 1e-3) -> Iterator[tuple[Tensor, Tensor]]:
    """Points and loss of each iteration of the published search, before its update; endless.

    Args:
        init: Points before normalisation, shape (num_classes, feat_dim), in the precision of the search.
        temperature: Softmax temperature.
        lr: Learning rate of Adam.

    Yields:
        Unit rows, shape (num_classes, feat_dim), and their scalar :func:`uniformity`.
    """
    free = init.detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([free], lr=lr)
    while True:
        loss = uniformity(free, temperature)
        yield F.normalize(free.detach(), dim=1), loss.detach()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def published_search(
    init: Tensor, temperature: float = 0.07, lr: float = 1e-3, iterations: int = 10000
) -> tuple[Tensor, int]:
    """The search as published: Adam on :func:`uniformity`, of all iterations the one with the lowest loss is kept.

    Args:
        init: Points before normalisation, shape (num_classes, feat_dim); published in float32, standard normal.
        temperature: Softmax temperature.
        lr: Learning rate of Adam.
        iterations: Number of iterations.

    Returns:
        Unit rows, shape (num_classes, feat_dim), and the iteration that they are from.

    Raises:
        UserError: No class, no dimension, or more than two classes on a line.
    """
    check_sizes(*init.shape)
    steps = zip(range(iterations), published_steps(init, temperature, lr), strict=False)
    told = tracked(steps, 'search for targets', iterations, 'steps')
    kept, (points, _) = min(told, key=lambda step: step[1][1].item())
    return points, kept
