import pytest
import torch

from ltcl.models.losses import effective_number_weights


def test_by_hand():
    # Effective numbers 1 and 1.5, inverse 1 and 2/3, scaled to a mean of 1.
    torch.testing.assert_close(effective_number_weights(torch.tensor([1, 2]), 0.5), torch.tensor([1.2, 0.8]))


def test_beta_0_weighs_all_alike():
    weights = effective_number_weights(torch.tensor([500, 20, 1]), 0.0)
    assert weights.dtype == torch.float32
    assert weights.tolist() == [1, 1, 1]


def test_beta_near_1_weighs_by_the_inverse_count():
    counts = torch.tensor([1000, 100, 10])
    weights = effective_number_weights(counts, 1 - 1e-9)
    torch.testing.assert_close(weights * counts / (weights * counts)[0], torch.ones(3), rtol=1e-4, atol=0)


@pytest.mark.parametrize('beta', [0.0, 0.9, 0.999])
def test_class_without_images(beta):
    weights = effective_number_weights(torch.tensor([100, 0, 10]), beta)
    assert weights[1] == 0
    assert weights.sum().item() == pytest.approx(2)
    torch.testing.assert_close(weights[[0, 2]], effective_number_weights(torch.tensor([100, 10]), beta))
