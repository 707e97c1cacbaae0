"""Neural collapse against loops over images, and against features whose collapse is known."""

import itertools
import math

import numpy as np
import pytest
import torch

from ltcl.evaluation.functional import (
    class_alignment,
    class_means,
    equinorm,
    nearest_mean,
    pair_cosines,
    self_duality,
    uniformity,
    variance_ratio,
    within_class_variability,
)
from ltcl.models.utils import simplex


@pytest.fixture(scope='module')
def drawn():
    """Unbalanced classes, one of them with a single image and one with none."""
    labels = torch.tensor([0] * 9 + [1] * 5 + [2] * 3 + [4])
    generator = torch.Generator().manual_seed(3)
    return torch.randn(len(labels), 6, generator=generator) + labels[:, None] / 3, labels


def rows_by_class(features, labels):
    return {label: features[labels == label].double().numpy() for label in labels.unique().tolist()}


def test_variability_against_loops(drawn):
    groups = rows_by_class(*drawn)
    means = {label: rows.mean(0) for label, rows in groups.items()}
    center = np.mean(list(means.values()), axis=0)
    between = sum(np.outer(mean - center, mean - center) for mean in means.values()) / len(groups)
    inverse = np.linalg.pinv(between, rcond=1e-12, hermitian=True)
    expected, total, several = {}, 0.0, {label: rows for label, rows in groups.items() if len(rows) > 1}
    for label, rows in several.items():
        within = sum(np.outer(row - means[label], row - means[label]) for row in rows) / len(rows)
        expected[label] = np.trace(within @ inverse) / len(groups)
        total += np.trace(within) / len(several)
    found = class_means(*drawn, 5)
    shares = within_class_variability(*drawn, found)
    for label, value in expected.items():
        assert shares[label].item() == pytest.approx(value)
    assert shares[[3, 4]].isnan().all()
    unbiased = within_class_variability(*drawn, found, unbiased=True)
    assert unbiased[2].item() == pytest.approx(expected[2] * 3 / 2)
    assert variance_ratio(*drawn, found) == pytest.approx(total / np.trace(between))


def test_cosines_against_loops(drawn):
    rows = class_means(*drawn, 5).centered
    pairs = list(itertools.combinations(range(len(rows)), 2))
    cosine = {(i, j): float(rows[i] @ rows[j] / rows[i].norm() / rows[j].norm()) for i, j in pairs}
    values, found = list(cosine.values()), pair_cosines(rows)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.std == pytest.approx(np.std(values))
    assert found.simplex_gap == pytest.approx(np.mean([abs(value + 1 / (len(rows) - 1)) for value in values]))
    for row in range(len(rows)):
        best = max((pair for pair in pairs if row in pair), key=cosine.get)
        assert found.nearest[row] == next(each for each in best if each != row)
        assert found.nearest_cosine[row].item() == pytest.approx(cosine[best])
    degrees = np.bincount([int(math.degrees(math.acos(value))) for value in values], minlength=180)
    assert found.histogram.tolist() == degrees.tolist()
    lengths = [float(row.norm()) for row in rows]
    assert equinorm(rows) == pytest.approx(np.std(lengths) / np.mean(lengths))


def test_pieces_are_put_together(drawn, monkeypatch):
    found, cosines = class_means(*drawn, 5), pair_cosines(drawn[0])
    expected = within_class_variability(*drawn, found), nearest_mean(drawn[0], found)
    monkeypatch.setattr('ltcl.evaluation.functional.neural_collapse.ROWS', 4)
    assert torch.equal(class_means(*drawn, 5).means, found.means)
    torch.testing.assert_close(within_class_variability(*drawn, found), expected[0], equal_nan=True)
    assert torch.equal(nearest_mean(drawn[0], found), expected[1])
    monkeypatch.setattr('ltcl.evaluation.functional.neural_collapse.ROWS', 0)  # one row at a time
    for one, other in zip(pair_cosines(drawn[0]), cosines, strict=True):
        torch.testing.assert_close(torch.as_tensor(one), torch.as_tensor(other))


def test_nearest_mean_against_distances(drawn):
    features, labels = drawn
    found = class_means(features, labels, 5)
    nearest = torch.cdist(features.double(), found.means[[0, 1, 2, 4]]).argmin(1)
    assert torch.equal(nearest_mean(features, found), torch.tensor([0, 1, 2, 4])[nearest])


def test_collapsed_features():
    """Unbalanced classes at the corners of a simplex, somewhere in space, and a classifier along them."""
    corners, labels = simplex(5, 8), torch.arange(5).repeat_interleave(torch.tensor([7, 5, 3, 2, 1]))
    features = (3 * corners + torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))[labels]
    found = class_means(features, labels, 5)
    assert within_class_variability(features, labels, found)[:4].tolist() == pytest.approx([0] * 4, abs=1e-12)
    assert variance_ratio(features, labels, found) == pytest.approx(0, abs=1e-12)
    assert equinorm(found.centered) == pytest.approx(0, abs=1e-12)
    pairs = pair_cosines(found.centered)
    assert (pairs.std, pairs.simplex_gap) == pytest.approx((0, 0), abs=1e-7)
    assert pairs.mean == pytest.approx(-1 / 4)
    assert self_duality(0.2 * corners, found.centered) == pytest.approx(0, abs=1e-12)
    assert self_duality(-corners, found.centered) == pytest.approx(4)
    assert torch.equal(nearest_mean(features, found), labels)


def test_classes_at_one_point_have_no_variability_to_compare_with():
    features, labels = torch.ones(4, 3), torch.tensor([0, 0, 1, 1])
    found = class_means(features, labels, 2)
    assert within_class_variability(features, labels, found).isnan().all()
    assert math.isnan(variance_ratio(features, labels, found))


def test_alignment_and_uniformity_against_loops(drawn):
    features, labels = drawn
    unit = torch.nn.functional.normalize(features.double(), dim=1)
    squares = {
        (i, j): float((unit[i] - unit[j]).square().sum()) for i, j in itertools.permutations(range(len(unit)), 2)
    }
    kernels = [math.exp(-2 * square) for square in squares.values()]
    assert uniformity(5 * features, rows=4) == pytest.approx(math.log(np.mean(kernels)))
    alignment = class_alignment(5 * features, labels, 5)
    for label in range(3):
        own = [square for (i, j), square in squares.items() if labels[i] == labels[j] == label]
        assert alignment[label].item() == pytest.approx(np.mean(own))
    assert alignment[[3, 4]].isnan().all()
