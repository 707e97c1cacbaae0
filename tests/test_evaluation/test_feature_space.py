import itertools
import math

import pytest
import torch
from oracles.rows import unit_rows

from ltcl.evaluation.functional import center_uniformity, class_geometry, min_center_angle


def test_figures_against_loops_over_pairs():
    generator = torch.Generator().manual_seed(0)
    features = unit_rows(30, 6, generator=generator)
    labels = torch.randint(4, (30,), generator=generator)
    centers = [torch.nn.functional.normalize(features[labels == c].mean(0), dim=0) for c in range(4)]
    pairs = list(itertools.combinations(centers, 2))
    alignment = 0.0
    for c in range(4):
        rows = features[labels == c]
        distances = [float((a - b).square().sum()) for a, b in itertools.combinations(rows, 2)]
        alignment += sum(distances) / len(distances) / 4
    figures = class_geometry(3 * features, labels, 4)  # the length of a row does not matter
    assert figures['min_angle'] == pytest.approx(min(math.degrees(math.acos(float(a @ b))) for a, b in pairs))
    kernels = [math.exp(-2 * float((a - b).square().sum())) for a, b in pairs]
    assert figures['uniformity'] == pytest.approx(math.log(sum(kernels) / len(kernels)))
    assert figures['alignment'] == pytest.approx(alignment)


def test_simplex_and_collapsed_classes():
    simplex = torch.eye(5) - 1 / 5
    assert min_center_angle(simplex) == pytest.approx(math.degrees(math.acos(-1 / 4)))
    assert center_uniformity(simplex) == pytest.approx(-4 * (1 + 1 / 4))
    figures = class_geometry(simplex.repeat(3, 1), torch.arange(5).repeat(3), 5)
    assert figures['alignment'] == pytest.approx(0, abs=1e-12)


def test_a_class_of_one_row_has_no_alignment():
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert class_geometry(features, torch.tensor([0, 0, 1, 2]), 3)['alignment'] == pytest.approx(2)
    assert math.isnan(class_geometry(features, torch.arange(4), 4)['alignment'])


def test_classes_without_rows_are_left_out():
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert class_geometry(features, torch.tensor([0, 3]), 5)['min_angle'] == pytest.approx(90)
    assert set(class_geometry(features, torch.tensor([2, 2]), 5)) == {'alignment'}
