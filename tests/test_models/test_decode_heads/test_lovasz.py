"""Lovász-softmax against its definition and against mmseg's form."""

import pytest
import torch
from loss_checks import under_autocast
from mmseg.models.losses import LovaszLoss
from oracles.seg import loop_lovasz_loss

from ltcl.errors import UserError
from ltcl.functional import lovasz, lovasz_softmax_loss
from ltcl.models.decode_heads import LovaszSoftmaxLoss


def draw(dtype=torch.float64, num_classes=4):
    logits = torch.randn(2, num_classes, 5, 6, dtype=dtype, requires_grad=True)
    labels = torch.randint(num_classes - 1, (2, 5, 6))
    return logits, labels.masked_fill(torch.rand(2, 5, 6) < 0.2, 255)


def value_and_gradient(loss, logits):
    return loss.detach(), torch.autograd.grad(loss, logits)[0]


@pytest.mark.parametrize('tile', [1, 130, 2**23])
def test_equals_the_definition(tile, monkeypatch):
    monkeypatch.setattr(lovasz, 'TILE', tile)  # one class at a time, two, all
    logits, labels = draw()
    rows, is_valid = logits.softmax(1).permute(0, 2, 3, 1).flatten(0, 2), labels.flatten() != 255
    expected = loop_lovasz_loss(rows[is_valid], labels.flatten()[is_valid])
    actual = value_and_gradient(lovasz_softmax_loss(logits, labels), logits)
    torch.testing.assert_close(actual, value_and_gradient(expected, logits))


def test_equals_mmsegs():
    logits, labels = draw(torch.float32)
    stock = LovaszLoss(reduction='none', loss_weight=0.7)(logits, labels, ignore_index=255)
    ours = LovaszSoftmaxLoss(loss_weight=0.7)(logits, labels)
    torch.testing.assert_close(value_and_gradient(ours, logits), value_and_gradient(stock, logits))
    assert LovaszSoftmaxLoss().loss_name == 'loss_lovasz'


@pytest.mark.parametrize('num_valid', [0, 1])
def test_hardly_a_valid_pixel(num_valid):
    logits, labels = draw(torch.float32)
    labels.fill_(255)
    labels[0, 0, :num_valid] = 2
    value, gradient = value_and_gradient(lovasz_softmax_loss(logits, labels), logits)
    expected = 1 - logits.softmax(1)[0, 2, 0, 0].item() if num_valid else 0.0
    assert value.item() == pytest.approx(expected)
    assert gradient.isfinite().all()
    assert bool(gradient.any()) == bool(num_valid)


def test_what_is_void():
    logits, labels = draw()
    other = labels.where(labels != 255, 17)
    assert lovasz_softmax_loss(logits, other) == lovasz_softmax_loss(logits, labels)
    assert lovasz_softmax_loss(logits, labels, ignore_index=0) == lovasz_softmax_loss(
        logits, labels.where(labels != 0, 255)
    )


def test_bfloat16():
    logits, labels = draw(torch.float32)
    value = under_autocast(lovasz_softmax_loss)(logits.bfloat16(), labels)
    assert value == lovasz_softmax_loss(logits.bfloat16().float(), labels)


def test_no_pixel_weights():
    logits, labels = draw()
    with pytest.raises(UserError, match='knows no weights'):
        LovaszSoftmaxLoss()(logits, labels, weight=torch.ones(2, 5, 6))
