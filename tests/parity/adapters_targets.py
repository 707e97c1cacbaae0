"""Golden cases of uniform targets: the published search step by step, and the sets that it ends with."""

import itertools
import math

import numpy as np
import torch
from harness import adapter, close, tensor

from ltcl.models.utils import (
    min_angle,
    published_search,
    published_steps,
    search_targets,
    simplex,
    uniform_targets,
    uniformity,
    uniformity_bound,
)

SLOW_SEARCH = 256  # the published search takes minutes above this number of classes
# A larger minimum angle may cost a little uniformity where points are many and dimensions few.
ANGLE_COSTS = 1.04


@adapter('tsc_kcl', 'target_optimisation_steps')
def target_optimisation_steps(case: dict) -> None:
    options = dict(temperature=case['temperature'].item(), lr=case['lr'].item())
    init = tensor(case, 'init').requires_grad_()
    uniformity(init, options['temperature']).backward()
    close(init.grad, case['grad_step0'])
    recorded = case['snapshot_steps'].tolist()
    steps = list(itertools.islice(published_steps(init, **options), max(recorded) + 1))
    close(torch.stack([steps[step][0] for step in recorded]), case['snapshots'])
    close(torch.stack([steps[step][1] for step in recorded]), case['losses'])
    kept, iteration = published_search(init, **options, iterations=len(steps))
    assert iteration == np.argmin([loss.item() for _, loss in steps])
    close(kept, steps[iteration][0])


def assert_statistics(case: dict, name: str) -> None:
    points = tensor(case, name).double()
    angle = min_angle(points)
    close(angle, case[f'{name}_min_angle_deg'])
    close(math.cos(math.radians(angle)), case[f'{name}_max_cos'])
    close(uniformity(points, case['temperature'].item()), case[f'{name}_uniformity'])


def assert_published_run(case: dict) -> None:
    """The float64 run."""
    steps = published_steps(tensor(case, 'f64_init').double(), case['temperature'].item(), case['lr'].item())
    lowest, best_iteration = math.inf, case['f64_best_iteration'].item()
    for iteration, (points, loss) in enumerate(itertools.islice(steps, case['iterations'].item())):
        lowest = min(lowest, loss.item())
        if iteration == best_iteration:
            close(points, case['f64_best'], atol=1e-9)
    close(points, case['f64_last'], atol=1e-9)
    close(lowest, case['f64_best_loss_seen'])


@adapter('tsc_kcl', 'targets')
def targets(case: dict) -> None:
    num_classes, feat_dim = case['num_classes'].item(), case['dim'].item()
    temperature = case['temperature'].item()
    close(uniformity_bound(num_classes, temperature), case['uniformity_lower_bound'])
    close(math.degrees(math.acos(-1 / (num_classes - 1))), case['simplex_angle_deg'])
    for precision in ('f32', 'f64'):
        for which in ('best', 'last'):
            assert_statistics(case, f'{precision}_{which}')
    if num_classes <= SLOW_SEARCH:
        assert_published_run(case)
    else:
        case.skip('lr', 'iterations', 'f64_init', 'f64_best_iteration', 'f64_best_loss_seen')
    close(case['f32_best_loss_seen'], case['f32_best_uniformity'], rtol=1e-6)
    case.skip('f32_init', 'f32_best_iteration')  # in float32 rounding decides on the way from the one to the other

    if 'simplex_gram' in case:
        exact = simplex(num_classes, feat_dim)
        close(exact @ exact.T, case['simplex_gram'])
    for make in (uniform_targets, search_targets):
        ours = make(num_classes, feat_dim).double()
        assert min_angle(ours) >= case['f32_best_min_angle_deg']
        excess = uniformity(ours, temperature).item() - case['uniformity_lower_bound']
        published = case['f32_best_uniformity'] - case['uniformity_lower_bound']
        assert excess <= ANGLE_COSTS * published
