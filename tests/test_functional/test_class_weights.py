import pytest
import torch

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights


def test_by_hand():
    # Effective numbers 1 and 1.5, inverse 1 and 2/3, scaled to a mean of 1.
    expected = torch.tensor([1.2, 0.8]).double()
    torch.testing.assert_close(effective_number_weights(torch.tensor([1, 2]), 0.5), expected)


def test_beta_0_weighs_all_alike():
    weights = effective_number_weights(torch.tensor([500, 20, 1]), 0.0)
    assert weights.dtype == torch.float64
    assert weights.tolist() == [1, 1, 1]


def test_beta_near_1_weighs_by_the_inverse_count():
    counts = torch.tensor([1000, 100, 10])
    weights = effective_number_weights(counts, 1 - 1e-9)
    torch.testing.assert_close(weights * counts / (weights * counts)[0], torch.ones(3).double(), rtol=1e-4, atol=0)


@pytest.mark.parametrize('beta', [0.0, 0.9, 0.999])
def test_class_without_images(beta):
    weights = effective_number_weights(torch.tensor([100, 0, 10]), beta)
    assert weights[1] == 0
    assert weights.sum().item() == pytest.approx(2)
    torch.testing.assert_close(weights[[0, 2]], effective_number_weights(torch.tensor([100, 10]), beta))


def test_scaled_by_the_mean_number_by_hand():
    # Effective numbers 1 and 1.5, whose mean is 1.25.
    weights = effective_number_weights(torch.tensor([1, 2]), 0.5, scaling='mean_number')
    torch.testing.assert_close(weights, torch.tensor([1.25, 1.25 / 1.5]).double())


def test_scaled_by_the_mean_number_without_images():
    # The empty class has an effective number of 0, which is part of the mean, and no weight.
    weights = effective_number_weights(torch.tensor([1, 2, 0]), 0.5, scaling='mean_number')
    torch.testing.assert_close(weights, torch.tensor([2.5 / 3, 2.5 / 3 / 1.5, 0]).double())
    assert effective_number_weights(torch.tensor([9, 0, 1]), 0.0, scaling='mean_number').tolist() == [1, 0, 1]


def test_unknown_scaling():
    with pytest.raises(ValueError, match=r"scaling must be 'mean_weight' or 'mean_number', got 'sum'"):
        effective_number_weights(torch.tensor([1, 2]), 0.5, scaling='sum')


@pytest.mark.parametrize('beta', [1.0, 1.5, -0.1])
def test_beta_that_gives_no_weights(beta):
    with pytest.raises(UserError, match=r'_weights: beta=.* must be a number of at least 0 and below 1$'):
        effective_number_weights(torch.tensor([1, 2]), beta)
