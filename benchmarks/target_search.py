"""Time and quality of the search for uniform targets, 1000 classes in 128 dimensions, against the published one.

The search for the 8,142 classes of iNaturalist 2018 is timed by a few of its steps; ``--full`` does all of them, and
measures the angle.
"""

import argparse
import functools
import itertools
import time

import torch
from common import Figure, run, speed_figures, time_interleaved

from ltcl.models.utils import min_angle, published_steps, search_targets, uniformity, uniformity_bound

PUBLISHED_ITERATIONS = 10000
ITERATIONS = 1000  # of ours
MANY, SLICE, MANY_SECONDS = 8142, 4, 300.0
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


def measure_many(is_full: bool) -> list[Figure]:
    """Seconds of the search for many targets, and with ``is_full`` their smallest angle."""
    steps = ITERATIONS if is_full else SLICE
    start = time.perf_counter()
    targets = search_targets(MANY, 128, iterations=steps)
    seconds = (time.perf_counter() - start) * ITERATIONS / steps
    name, share = f'target search, {MANY} classes', '' if is_full else f' scaled from {steps} steps'
    figures = [Figure.at_most(f'{name}: time{share}', seconds, 's', MANY_SECONDS)]
    return figures + [Figure(f'{name}: minimum angle', min_angle(targets), 'degrees')] * is_full


def measure_both(args: argparse.Namespace) -> list[Figure]:
    """Figures of 1000 targets and of many."""
    return [*measure(), *measure_many(args.full)]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--full', action='store_true', help='search for 8,142 targets to the end, five minutes')


if __name__ == '__main__':
    run('search for uniform targets in 128 dimensions', measure_both, add_options)
