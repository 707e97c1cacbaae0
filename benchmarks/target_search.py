"""Time and quality of the search for uniform targets, 1000 classes in 128 dimensions, against the published one."""

import functools
import itertools

import torch
from common import Figure, run, speed_figures, time_interleaved

from ltcl.models.utils import min_angle, published_steps, search_targets, uniformity, uniformity_bound

PUBLISHED_ITERATIONS = 10000
PUBLISHED_ANGLE = 81.9  # of one whole run of the published search at this size


def measure(
    num_classes: int = 1000,
    feat_dim: int = 128,
    angle_goal: float = PUBLISHED_ANGLE,
    slice_len: int = 50,
    rounds: int = 3,
) -> list[Figure]:
    """Seconds of both searches on a CPU, their ratio, and how good our set is.

    The whole published search takes minutes. Its iterations all cost the same, so a slice is timed and scaled.

    Args:
        num_classes: Number of targets.
        feat_dim: Width of a target.
        angle_goal: Smallest angle in degrees that our set has to reach.
        slice_len: Timed iterations of the published search.
        rounds: Timed rounds of both.
    """
    init = torch.randn(num_classes, feat_dim, generator=torch.Generator().manual_seed(0))

    def published_slice() -> None:
        for _, loss in itertools.islice(published_steps(init), slice_len):
            loss.item()  # read at each iteration, to keep the best

    published = f'published search, {PUBLISHED_ITERATIONS} float32 iterations scaled from {slice_len}'
    forms = {'target search': functools.partial(search_targets, num_classes, feat_dim), published: published_slice}
    seconds = time_interleaved(forms, rounds, warm_up=0)
    seconds[published] = [each * PUBLISHED_ITERATIONS / slice_len for each in seconds[published]]
    targets = search_targets(num_classes, feat_dim)
    excess = uniformity(targets.double()).item() - uniformity_bound(num_classes)
    return [
        *speed_figures(seconds, 'cpu', 3.0, unit='s'),
        Figure.at_least('target search: minimum angle', min_angle(targets), 'degrees', angle_goal),
        Figure('target search: uniformity above the lower bound', excess, ''),
    ]


if __name__ == '__main__':
    run('search for 1000 uniform targets in 128 dimensions', measure)
