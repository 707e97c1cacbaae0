"""What holds for the losses of segmentation and any input."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltcl.functional import lovasz_softmax_loss
from ltcl.models.decode_heads import pixel_paco_loss, region_loss, region_means

quick = settings(derandomize=True, deadline=None, max_examples=20, database=None)
NUM_CLASSES = 4
pixels = st.builds(lambda number, seed: (number, seed), st.integers(1, 9), st.integers(0, 999))
ranges = st.sampled_from([1e-2, 1.0, 30.0, 1e4])


def lovasz(logits: Tensor, labels: Tensor) -> Tensor:
    return lovasz_softmax_loss(logits.T[None, :, :, None], labels[None, :, None], ignore_index=NUM_CLASSES)


def region(logits: Tensor, labels: Tensor) -> Tensor:
    prior = torch.tensor([0.0, 0.1, 0.3, 0.6], dtype=torch.float64)
    return region_loss(logits, labels, smooth=0.9, prior=prior)


def pixel_paco(logits: Tensor, labels: Tensor) -> Tensor:
    maps = logits.T[None, :, :, None]
    index = torch.arange(len(logits))[None]
    return pixel_paco_loss(maps, 0.5 * maps, labels[None, None, :, None], index, temperature=0.07)


LOSSES = pytest.mark.parametrize('loss', [lovasz, region, pixel_paco])


def draw(size: tuple[int, int], scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Logits of some pixels or regions, and their labels; the last label is void."""
    number, seed = size
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(number, NUM_CLASSES, generator=generator, dtype=torch.float64)
    return logits, torch.randint(NUM_CLASSES + 1, (number,), generator=generator)


def value_and_gradient(loss, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    logits = logits.detach().clone().requires_grad_()
    value = loss(logits, labels)
    return value.detach(), torch.autograd.grad(value, logits)[0]


@LOSSES
@given(size=pixels)
@quick
def test_order_of_pixels(loss, size):
    logits, labels = draw(size)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(size[1]))
    value, gradient = value_and_gradient(loss, logits, labels)
    actual = value_and_gradient(loss, logits[order], labels[order])
    torch.testing.assert_close(actual, (value, gradient[order]), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize('loss', [lovasz, region])
@given(size=pixels, shift=st.floats(-1e3, 1e3))
@quick
def test_shift_of_the_logits(loss, size, shift):
    logits, labels = draw(size)
    actual = value_and_gradient(loss, logits + shift * logits[:, :1], labels)
    torch.testing.assert_close(actual, value_and_gradient(loss, logits, labels), rtol=1e-8, atol=1e-9)


@LOSSES
@given(size=pixels)
@settings(quick, max_examples=8)
def test_gradient_equals_finite_differences(loss, size):
    logits, labels = draw(size)
    assert torch.autograd.gradcheck(lambda leaf: loss(leaf, labels), logits.requires_grad_(), fast_mode=True)


@LOSSES
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.float16], ids=str)
@given(size=pixels, scale=ranges)
@quick
def test_extreme_logits_and_half_precision(loss, dtype, size, scale):
    logits, labels = draw(size, scale)
    value, gradient = value_and_gradient(loss, logits.to(dtype), labels)
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert value >= -1e-6
    assert gradient.isfinite().all()


@LOSSES
@given(size=pixels)
@quick
def test_void_alone(loss, size):
    logits, labels = draw(size)
    value, gradient = value_and_gradient(loss, logits, torch.full_like(labels, NUM_CLASSES))
    assert value.isfinite()
    assert gradient.isfinite().all()


@given(size=pixels, scale=ranges)
@quick
def test_means_of_regions(size, scale):
    logits, labels = draw(size, scale)
    means, region_labels = region_means(logits.T[None, :, :, None], labels[None, None, :, None], NUM_CLASSES)
    for mean, label in zip(means, region_labels, strict=True):
        torch.testing.assert_close(mean, logits[labels == label].mean(0), rtol=1e-9, atol=1e-9 * scale)
