"""Fixed points that lie as far apart as possible on the unit sphere: the targets of TSC."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional.tiles import symmetric_ranges
from ltcl.progress_bars import tracked

from .uniformity import check_sizes, uniformity

# Below this number of points one start may end noticeably worse than another; above it all end the same.
MANY_CLASSES = 256
TEMPERATURES, LAST_OF_MANY = (0.5, 0.1, 0.03, 0.01), (0.005,)


def uniform_targets(num_classes: int, feat_dim: int, seed: int = 0, rotate: bool = True) -> Tensor:
    """Unit vectors that repel each other, one per class.

    From `Targeted Supervised Contrastive Learning for Long-Tailed Recognition <https://arxiv.org/abs/2111.13998>`_.
    Up to ``feat_dim + 1`` classes they are the corners of a regular simplex, the exact minimum of :func:`uniformity`;
    for more, :func:`search_targets` finds them.

    Args:
        num_classes: Number of targets, at least 1.
        feat_dim: Width of an embedding, at least 1.
        seed: Seed of the search, or of the simplex's rotation.
        rotate: Turn the simplex by a random orthogonal matrix, so that no coordinate stays unused.

    Returns:
        Targets, float32, shape (num_classes, feat_dim).

    Raises:
        UserError: No class, no dimension, or more than two classes on a line.

    Differs from the original: Published are 10,000 float32 iterations whatever the sizes. The simplex needs no search,
    and the search here takes a tenth of the iterations to a larger minimum angle.
    """
    check_sizes(num_classes, feat_dim)
    if num_classes > feat_dim + 1:
        return search_targets(num_classes, feat_dim, seed)
    corners = simplex(num_classes, feat_dim)
    if rotate:
        generator = torch.Generator().manual_seed(seed)
        gaussian = torch.randn(feat_dim, feat_dim, generator=generator, dtype=corners.dtype)
        orthogonal, triangle = torch.linalg.qr(gaussian)
        corners = corners @ (orthogonal * triangle.diagonal().sign())
    return corners.float()


def simplex(num_classes: int, feat_dim: int) -> Tensor:
    """Corners of a regular simplex around the origin; all cosines between them are ``-1 / (num_classes - 1)``.

    Args:
        num_classes: Number of corners, 1 to ``feat_dim + 1``. A single corner is the first axis.
        feat_dim: Width; the last ``feat_dim + 1 - num_classes`` columns are zero.

    Returns:
        Unit rows, float64, shape (num_classes, feat_dim).

    Raises:
        UserError: There is no simplex of that size.
    """
    check_sizes(num_classes, feat_dim)
    if num_classes > feat_dim + 1:
        raise UserError(
            f'a simplex of {num_classes} corners needs feat_dim >= {num_classes - 1}, got {feat_dim}: '
            'use the search or a larger feat_dim'
        )
    corners = torch.zeros(num_classes, feat_dim, dtype=torch.float64)
    if num_classes == 1:
        corners[0, 0] = 1
    else:  # the Helmert matrix holds an orthonormal basis of all that is orthogonal to the vector of ones
        from scipy.linalg import helmert  # only TSC pays for it

        basis = torch.from_numpy(helmert(num_classes).T.copy())
        corners[:, : num_classes - 1] = basis * math.sqrt(num_classes / (num_classes - 1))
    return corners


def search_targets(
    num_classes: int,
    feat_dim: int,
    seed: int = 0,
    temperatures: Sequence[float] | None = None,
    iterations: int = 1000,
    lr: float = 0.04,
    num_starts: int | None = None,
) -> Tensor:
    """Spread random points over the sphere by gradient descent, for any number of classes.

    The potential is ``log sum_{i != j} exp(t_i . t_j / temperature)``. The published one also counts every point
    against itself; that term is the largest by far and constant, so the minimum is the same, but float32 then no longer
    sees the rest. Without it float32 suffices; up to 256 classes, where it costs nothing, the search is in float64. A
    falling temperature turns the aim from an even spread to a large minimum angle.

    Args:
        num_classes: Number of points.
        feat_dim: Width of a point.
        seed: Seed of the random starts.
        temperatures: Softmax temperatures, each for an equal share of the iterations. None: 0.5 down to 0.01, or to
            0.005 above 256 classes, where an even spread costs less angle.
        iterations: Steps of Adam from each start; the learning rate falls to zero on a cosine.
        lr: Learning rate at the start.
        num_starts: Random starts, of which the one that ends with the lowest :func:`uniformity` is kept; None for 8,
            or 1 above 256 classes, where starts end alike.

    Returns:
        Unit rows, float32, shape (num_classes, feat_dim).
    """
    check_sizes(num_classes, feat_dim)
    generator = torch.Generator().manual_seed(seed)
    are_many = num_classes > MANY_CLASSES
    temperatures = temperatures or (*TEMPERATURES, *LAST_OF_MANY * are_many)
    num_starts = num_starts or (1 if are_many else 8)
    starts = torch.randn(num_starts, num_classes, feat_dim, generator=generator, dtype=torch.float64)
    ends = _repel(starts.to(torch.float32 if are_many else torch.float64), temperatures, iterations, lr)
    if num_starts == 1:
        return ends[0].float()
    # A float32 log-sum-exp is too coarse to tell good sets apart.
    return min(ends, key=lambda points: uniformity(points.double()).item()).float()


@torch.no_grad()
def _repel(starts: Tensor, temperatures: Sequence[float], iterations: int, lr: float) -> Tensor:
    """Descend from all starts at once, shape (num_starts, num_classes, feat_dim)."""
    points = F.normalize(starts, dim=2)
    if points.shape[1] == 1:
        return points
    points.grad = torch.zeros_like(points)
    optimizer = torch.optim.Adam([points], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)
    largest = points.new_ones(len(points))
    for iteration in tracked(range(iterations), 'search for targets', unit='steps'):
        temperature = temperatures[iteration * len(temperatures) // iterations]
        largest = _forces(points, temperature, largest, out=points.grad)
        points.grad.sub_((points.grad * points).sum(dim=2, keepdim=True) * points)  # what remains moves on the sphere
        optimizer.step()
        schedule.step()
        F.normalize(points, dim=2, out=points)
    return points


def _forces(points: Tensor, temperature: float, shift: Tensor, out: Tensor) -> Tensor:
    """Gradient of the potential at unit points, tile by tile: every pair is visited once and pushes both of its points.

    Args:
        points: Shape (num_starts, num_classes, feat_dim).
        temperature: Softmax temperature.
        shift: Cosine that the exponentials are relative to, shape (num_starts,): the largest one of the step before.
        out: Takes the gradient, of the shape of the points.

    Returns:
        The largest cosine of each start, for the next step.
    """
    num_starts, num_points, _ = points.shape
    out.zero_()
    total, largest = torch.zeros_like(shift), torch.full_like(shift, -1)
    for here, rest in symmetric_ranges(num_points, num_starts, points.device):
        tile = points[:, here] @ points[:, rest].mT
        size = tile.shape[1]
        tile.diagonal(dim1=1, dim2=2).fill_(-math.inf)
        largest = torch.maximum(largest, tile.amax(dim=(1, 2)))
        tile.sub_(shift[:, None, None]).div_(temperature).exp_()
        later = tile[..., size:]
        out[:, here].baddbmm_(tile, points[:, rest])
        out[:, rest][:, size:].baddbmm_(later.mT, points[:, here])
        total += tile.sum(dim=(1, 2)) + later.sum(dim=(1, 2))
    out.mul_((num_points / total)[:, None, None])
    return largest
