import math

import pytest
import torch
from loss_checks import under_autocast
from oracles.paco import draw_case, loop_supcon_loss

from ltcl.functional import supcon_loss

CASES = {
    'plain': ({}, {}),
    'base_temperature': ({}, dict(temperature=0.1, base_temperature=0.07)),
    'class_weights': ({}, dict(class_weights=torch.tensor([0.1, 0.5, 1.0, 2.4]))),
    'empty_queue': (dict(num_rows=0), {}),
    'one_anchor': (dict(num_anchors=1), {}),
    'anchors_without_positives': (dict(num_anchors=5, num_rows=3, num_classes=12), dict(temperature=0.05)),
}


def run(loss, case: dict, num_classes: int = 4, **kwargs):
    """Value, and gradients of anchors and rows."""
    anchors, rows = (case[name].clone().requires_grad_() for name in ('anchors', 'rows'))
    value = loss(anchors, case['labels'], rows, case['row_labels'], num_classes=num_classes, **kwargs)
    return value.detach(), *torch.autograd.grad(value, (anchors, rows), materialize_grads=True)


@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name):
    shapes, kwargs = CASES[name]
    case = draw_case(**shapes)
    num_classes = case['logits'].shape[1]
    actual, expected = (run(loss, case, num_classes, **kwargs) for loss in (supcon_loss, loop_supcon_loss))
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def test_no_positive_at_all_gives_zero():
    case = draw_case(num_anchors=4, num_rows=4, num_classes=8)
    case['labels'], case['row_labels'] = torch.arange(4), torch.arange(4, 8)
    value, *gradients = run(supcon_loss, case, num_classes=8)
    assert value == 0
    assert all((gradient == 0).all() for gradient in gradients)


def test_lone_anchor_without_any_row_gives_zero():
    value, gradient, _ = run(supcon_loss, draw_case(num_anchors=1, num_rows=0))
    assert value == 0
    assert (gradient == 0).all()


def test_identical_embeddings():
    case = draw_case(num_anchors=4, num_rows=3)
    for name in ('anchors', 'rows'):
        case[name] = torch.tensor([0.6, 0.8], dtype=torch.float64).repeat(len(case[name]), 1)
    case['labels'], case['row_labels'] = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 2])
    assert run(supcon_loss, case)[0].item() == pytest.approx(math.log(6), rel=1e-10)


def test_half_precision_and_autocast():
    case = draw_case(num_anchors=64, num_rows=128, dtype=torch.float32)
    expected = run(supcon_loss, case, temperature=0.05)
    torch.testing.assert_close(run(under_autocast(supcon_loss), case, temperature=0.05), expected, rtol=0, atol=0)
    half = {name: value.bfloat16() if value.is_floating_point() else value for name, value in case.items()}
    value, *gradients = run(supcon_loss, half, temperature=0.05)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(expected[0].item(), rel=2e-2)
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)
