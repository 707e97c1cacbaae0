"""The rate of a linear classifier on features that stay as they are."""

import pytest
import torch
import torch.nn.functional as F

from ltcl.recipe_rules.linear_rate import linear_rate

MOMENTUM = 0.9


def distance_after(steps: int, rate: float, feature: torch.Tensor) -> float:
    """How far from the optimum a classifier of two classes is, of images with one and the same feature."""
    weight = torch.zeros(2, len(feature), dtype=torch.float64)
    weight[0, 0] = 1e-3
    weight.requires_grad_()
    optimizer = torch.optim.SGD([weight], lr=rate, momentum=MOMENTUM)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy((weight @ feature).expand(2, 2), torch.tensor([0, 1])).backward()
        optimizer.step()
    logits = weight.detach() @ feature
    return float((logits[0] - logits[1]).abs())


@pytest.mark.parametrize('length', [0.5, 3.0, 40.0])
def test_the_rate_is_the_largest_that_is_stable(length):
    """With all features alike the curvature is as large as it can be, so the bound is met exactly."""
    feature = torch.zeros(4, dtype=torch.float64)
    feature[0] = length
    rate = 4 * (1 + MOMENTUM) / length**2
    assert distance_after(400, 0.97 * rate, feature) < 1e-6
    assert distance_after(400, 1.03 * rate, feature) > 1e-2
    if length >= 1:
        assert linear_rate(length**2) == pytest.approx(rate, rel=0.05)


def test_short_features_leave_the_bias_in_charge():
    assert linear_rate(0.0) == linear_rate(0.25) == linear_rate(1.0) == 7.6


def test_the_last_bits_of_the_features_change_nothing():
    assert linear_rate(786.0) == linear_rate(786.0 + 1e-4) == 0.0097
