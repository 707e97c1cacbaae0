"""Time and quality of the search for uniform targets, 1000 classes in 128 dimensions, against the published one."""

import functools
import itertools
import statistics

import torch
from common import Figure, median_ratio, run, time_interleaved

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

    candidates = dict(ours=functools.partial(search_targets, num_classes, feat_dim), published=published_slice)
    seconds = time_interleaved(candidates, rounds, warm_up=0)
    published = [each * PUBLISHED_ITERATIONS / slice_len for each in seconds['published']]
    targets = search_targets(num_classes, feat_dim)
    excess = uniformity(targets.double()).item() - uniformity_bound(num_classes)
    scaled = f'{PUBLISHED_ITERATIONS} float32 iterations, scaled from {slice_len}'
    return [
        Figure('target search: time', statistics.median(seconds['ours']), 's'),
        Figure(f'published target search, {scaled}: time', statistics.median(published), 's'),
        Figure.at_least(f'target search: speed against {scaled}', median_ratio(published, seconds['ours']), 'x', 3.0),
        Figure.at_least('target search: minimum angle', min_angle(targets), 'degrees', angle_goal),
        Figure('target search: uniformity above the lower bound', excess, ''),
    ]


if __name__ == '__main__':
    run('search for 1000 uniform targets in 128 dimensions', measure)
