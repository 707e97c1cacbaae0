"""From one class mix to another: the shift of the logits, and the estimate from unlabelled images."""

import math

import numpy as np
import pytest
import torch

from ltcl.evaluation.functional import estimate_shares, log_ratio, shares_of


def by_hand(logits, source, steps):
    """Saerens et al., equations 2.9, image by image and class by class."""
    scores = [[math.exp(value) / sum(map(math.exp, row)) for value in row] for row in logits]
    shares = [1 / len(source)] * len(source)
    for _ in range(steps):
        sums = [0.0] * len(source)
        for row in scores:
            weights = [p * new / old for p, new, old in zip(row, shares, source, strict=True)]
            for label, weight in enumerate(weights):
                sums[label] += weight / sum(weights) / len(scores)
        shares = sums
    return shares


def test_estimate_is_that_of_a_loop():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(30, 4, generator=generator, dtype=torch.float64)
    source = torch.tensor([0.4, 0.3, 0.2, 0.1])
    expected = by_hand(logits.tolist(), source.tolist(), 2000)
    assert estimate_shares(logits, source).tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize('source', [[1 / 3, 1 / 3, 1 / 3], [0.8, 0.15, 0.05]])
def test_estimate_finds_the_mix_of_known_distributions(source):
    generator = np.random.default_rng(0)
    truth, means = np.array([0.1, 0.2, 0.7]), np.array([0.0, 1.5, 3.0])
    labels = generator.choice(3, 20_000, p=truth)
    values = generator.normal(means[labels])
    # The exact posteriors of a training set of the mix `source`.
    logits = -((values[:, None] - means) ** 2) / 2 + np.log(source)
    found = estimate_shares(torch.from_numpy(logits), torch.tensor(source))
    np.testing.assert_allclose(found, truth, atol=0.01)
    guessed = np.bincount(logits.argmax(1), minlength=3) / 20_000
    assert np.abs(found.numpy() - truth).max() < np.abs(guessed - truth).max() / 3


def test_shift_is_bayes_rule():
    source, target = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.1, 0.0, 0.9])
    likelihoods = torch.tensor([0.3, 0.5, 0.2], dtype=torch.float64)
    logits = (likelihoods * source).log()
    expected = likelihoods * target / (likelihoods * target).sum()
    assert torch.allclose(torch.softmax(logits + log_ratio(source, target), 0), expected)


def test_shares_of_powers():
    counts = torch.tensor([100, 4, 0])
    assert shares_of(counts, 1).tolist() == pytest.approx([100 / 104, 4 / 104, 0])
    assert shares_of(counts, 0).tolist() == pytest.approx([1 / 3] * 3)
    assert shares_of(counts, 0.5).tolist() == pytest.approx([10 / 13, 2 / 13, 1 / 13])
    assert shares_of(counts, -1).tolist() == pytest.approx([1 / 126, 25 / 126, 100 / 126])


def test_a_class_without_images_can_get_a_share():
    shift = log_ratio(shares_of(torch.tensor([6, 2, 0]), 1), torch.full((3,), 1 / 3))
    assert shift.isfinite().all()
    assert shift[2] == shift[1]
