import math

import pytest
import torch
import torch.nn.functional as F

from ltcl.functional import log_prior, logit_adjusted_loss

COUNTS = torch.tensor([6, 3, 1])


def draw(dtype: torch.dtype = torch.float64):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, generator=generator, dtype=dtype), torch.tensor([0, 1, 2, 2, 0])


def test_log_prior():
    prior = log_prior(torch.tensor([3, 0, 1]))
    assert prior.dtype == torch.float64
    assert prior.tolist() == pytest.approx([math.log(0.75), math.log(1e-9), math.log(0.25)], rel=1e-8)


@pytest.mark.parametrize(('tau', 'expected'), [(0, 1 / 2), (1, 1 / 4), (2, 1 / 10)])
def test_closed_values(tau, expected):
    # Frequencies 3/4 and 1/4, equal logits: the rare class has a share of (1/4)^tau in (3/4)^tau + (1/4)^tau.
    loss = logit_adjusted_loss(torch.zeros(1, 2).double(), torch.tensor([1]), torch.tensor([3, 1]), tau=tau)
    assert loss.item() == pytest.approx(-math.log(expected), rel=1e-8)


def test_tau_0_is_cross_entropy_and_weights_average():
    logits, labels = draw()
    weights = torch.tensor([0.5, 1.0, 4.0], dtype=torch.float64)
    for reduction in ('mean', 'sum', 'none'):
        actual = logit_adjusted_loss(logits, labels, COUNTS, tau=0.0, class_weights=weights, reduction=reduction)
        torch.testing.assert_close(actual, F.cross_entropy(logits, labels, weights, reduction=reduction))


def test_arguments_by_name():
    logits, labels = draw()
    actual = logit_adjusted_loss(logits=logits, labels=labels, class_counts=COUNTS)
    torch.testing.assert_close(actual, logit_adjusted_loss(logits, labels, COUNTS))


def test_class_without_images():
    logits, labels = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0, 2])
    counts = torch.tensor([3, 0, 1])
    loss = logit_adjusted_loss(logits, labels, counts, eps=0.0)
    loss.backward()
    assert loss.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert (logits.grad[:, 1] == 0).all()
    assert logits.grad.isfinite().all()
    # As a target it costs log(1e9), and not infinity, with the published constant.
    assert logit_adjusted_loss(logits, torch.tensor([1, 1]), counts).item() == pytest.approx(9 * math.log(10), rel=1e-6)


def test_half_precision_and_autocast():
    logits, labels = draw(torch.float32)
    expected = logit_adjusted_loss(logits, labels, COUNTS)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert logit_adjusted_loss(logits, labels, COUNTS) == expected
    assert logit_adjusted_loss(logits.bfloat16(), labels, COUNTS).dtype == torch.float32
