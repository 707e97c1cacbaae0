"""Uniform targets: exact where a simplex exists, else as far apart as the published search and further."""

import math

import pytest
import torch
import torch.nn.functional as F

from ltcl.errors import UserError
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


def slow_uniformity(points: torch.Tensor, temperature: float) -> float:
    """Double loop from the formula."""
    rows = [[math.exp(float(a @ b) / temperature) for b in points] for a in points]
    return sum(math.log(sum(row)) for row in rows) / len(rows)


@pytest.mark.parametrize(('num_classes', 'feat_dim'), [(2, 1), (2, 5), (5, 4), (10, 10), (10, 128), (100, 128)])
@pytest.mark.parametrize('rotate', [False, True])
def test_simplex(num_classes, feat_dim, rotate):
    targets = uniform_targets(num_classes, feat_dim, rotate=rotate)
    assert targets.dtype == torch.float32
    expected = torch.full((num_classes, num_classes), -1 / (num_classes - 1)).fill_diagonal_(1)
    torch.testing.assert_close(targets @ targets.T, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(targets.sum(dim=0), torch.zeros(feat_dim), rtol=0, atol=1e-5)
    assert uniformity(targets.double()).item() == pytest.approx(uniformity_bound(num_classes), rel=1e-12)


def test_simplex_is_exact_in_float64_and_padded_with_zeros():
    corners = simplex(7, 9)
    expected = torch.full((7, 7), -1 / 6, dtype=torch.float64).fill_diagonal_(1)
    torch.testing.assert_close(corners @ corners.T, expected, rtol=0, atol=1e-14)
    assert (corners[:, 6:] == 0).all()


def test_rotation_uses_every_coordinate():
    assert (uniform_targets(3, 8, rotate=False)[:, 2:] == 0).all()
    assert (uniform_targets(3, 8).abs().sum(dim=0) > 1e-3).all()


@pytest.mark.parametrize('feat_dim', [1, 4])
def test_single_class_is_one_unit_vector(feat_dim):
    for targets in (uniform_targets(1, feat_dim), search_targets(1, feat_dim, iterations=10)):
        torch.testing.assert_close(targets.norm(dim=1), torch.ones(1))
        assert min_angle(targets) == 180
        assert uniformity(targets.double()).item() == pytest.approx(uniformity_bound(1))


@pytest.mark.parametrize(
    ('make', 'sizes', 'message'),
    [
        (uniform_targets, (0, 4), 'at least 1, got 0 and 4'),
        (search_targets, (4, 0), 'at least 1, got 4 and 0'),
        (uniform_targets, (3, 1), 'feat_dim=1 has room for 2 different targets, not 3'),
        (simplex, (6, 4), 'simplex of 6 corners needs feat_dim >= 5, got 4'),
    ],
)
def test_impossible_sizes_are_refused(make, sizes, message):
    with pytest.raises(UserError, match=message):
        make(*sizes)


@pytest.mark.parametrize(
    ('num_classes', 'feat_dim', 'angle'),
    [
        (5, 2, 72.0),  # regular pentagon
        (10, 2, 36.0),
        (6, 3, 90.0),  # octahedron
        (12, 3, math.degrees(math.atan(2))),  # icosahedron
        (8, 4, 90.0),  # cross polytope
    ],
)
def test_search_finds_the_known_best_arrangements(num_classes, feat_dim, angle):
    assert min_angle(uniform_targets(num_classes, feat_dim)) == pytest.approx(angle, abs=1e-3)


def test_search_finds_the_simplex():
    targets = search_targets(10, 16)
    assert min_angle(targets) == pytest.approx(math.degrees(math.acos(-1 / 9)), abs=1e-3)
    assert uniformity(targets.double()).item() - uniformity_bound(10) < 1e-9


@pytest.mark.parametrize(
    ('num_classes', 'feat_dim', 'angle', 'excess'), [(50, 8, 70.3, 1.04e-3), (100, 32, 84.6, 7.15e-5)]
)
@pytest.mark.parametrize('seed', [0, 1])
def test_search_is_better_than_the_published_sets(num_classes, feat_dim, angle, excess, seed):
    targets = uniform_targets(num_classes, feat_dim, seed)
    torch.testing.assert_close(targets.norm(dim=1), torch.ones(num_classes))
    assert min_angle(targets) >= angle
    assert uniformity(targets.double()).item() - uniformity_bound(num_classes) <= excess


@pytest.mark.slow
def test_search_for_imagenet():
    targets = uniform_targets(1000, 128)
    assert min_angle(targets) > 84.5
    assert uniformity(targets.double()).item() - uniformity_bound(1000) < 3.6e-4


@pytest.mark.parametrize('sizes', [(5, 8), (9, 4)])
def test_seed_decides(sizes):
    first, again, other = (uniform_targets(*sizes, seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=1e-3)


def test_search_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    uniform_targets(9, 4)
    uniform_targets(3, 4)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(('num_points', 'feat_dim', 'temperature'), [(1, 3, 0.07), (4, 2, 0.5), (9, 5, 0.1)])
def test_uniformity_against_the_double_loop(num_points, feat_dim, temperature):
    points = F.normalize(torch.randn(num_points, feat_dim, dtype=torch.float64), dim=1)
    expected = slow_uniformity(points, temperature)
    assert uniformity(points, temperature).item() == pytest.approx(expected, rel=1e-12)
    assert uniformity(3 * points, temperature).item() == pytest.approx(expected, rel=1e-12)
    assert expected >= uniformity_bound(num_points, temperature) - 1e-12


def test_min_angle_by_hand():
    degrees = torch.tensor([0.0, 100.0, 130.0, 250.0]).deg2rad()
    points = torch.stack([degrees.cos(), degrees.sin()], dim=1)
    assert min_angle(points) == pytest.approx(30, abs=1e-4)
    assert min_angle(5 * points) == pytest.approx(30, abs=1e-4)
    assert min_angle(points[[0, 0]]) == 0


def test_published_search_keeps_the_lowest_loss():
    init = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = init.clone()
    # Steps of this size jump over minima, so that the best iteration is not the last one.
    losses = [loss.item() for (_, loss), _ in zip(published_steps(init, lr=0.5), range(60), strict=False)]
    kept, iteration = published_search(init, lr=0.5, iterations=60)
    assert iteration == losses.index(min(losses)) < 59
    assert uniformity(kept).item() == pytest.approx(min(losses), rel=1e-12)
    assert torch.equal(init, before)
    assert not kept.requires_grad
