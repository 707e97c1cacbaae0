import functools
import math

import pytest
import torch
from loss_checks import (
    cast,
    check_equal,
    check_float32,
    check_half_precision,
    under_autocast,
    value_and_gradients,
)
from oracles.bcl import draw_case, loop_balanced_loss, masked_balanced_loss, of_one_batch

from ltcl.functional import balanced_contrastive_loss

fast_loss = of_one_batch(balanced_contrastive_loss)
CASES = {
    'plain': {},
    'three_views': dict(num_views=3, seed=1),
    'one_view': dict(num_views=1, num_samples=9, seed=2),
    'batch_of_one': dict(num_samples=1),
    'one_row_alone': dict(num_samples=1, num_views=1),
    'one_class': dict(num_classes=1),
    'classes_absent': dict(num_classes=30),
    'many_rows': dict(num_samples=24, num_classes=3, feat_dim=8, seed=3),
}


def run(loss, case: dict, **kwargs) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Value and gradients of a loss."""
    return value_and_gradients(loss, case, ('embeddings', 'prototypes'), **kwargs)


@pytest.mark.parametrize('temperature', [0.05, 0.5])
@pytest.mark.parametrize('loss', [fast_loss, masked_balanced_loss])
@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name, loss, temperature):
    case = draw_case(**CASES[name])
    expected = run(loop_balanced_loss, case, temperature=temperature)
    check_equal(run(loss, case, temperature=temperature), expected)


def test_batch_of_one_class():
    case = draw_case(seed=4)
    case['labels'].fill_(2)
    check_equal(run(fast_loss, case), run(loop_balanced_loss, case))


def test_long_rows_do_not_overflow():
    case = draw_case(feat_dim=16)
    for name in ('embeddings', 'prototypes'):
        case[name] = 4 * case[name]
    expected = run(loop_balanced_loss, case)
    check_equal(run(fast_loss, case), expected)
    value, gradients = run(fast_loss, cast(case, torch.float32))
    assert value.item() == pytest.approx(expected[0].item(), rel=1e-5)
    assert all(gradient.isfinite().all() for gradient in gradients.values())


@pytest.mark.parametrize('labels', [[0, 0, 0, 0, 1], [2, 2, 1, 1, 0], [1] * 5])
def test_equal_rows_weigh_each_class_the_same(labels):
    row = torch.tensor([0.6, 0.8], dtype=torch.float64)
    value = fast_loss(row.repeat(5, 1), torch.tensor(labels), row.repeat(3, 1), temperature=0.1)
    assert value.item() == pytest.approx(math.log(3), rel=1e-12)


def test_copies_of_a_foreign_class_change_nothing():
    # A class's columns are averaged: its prototype, twice its prototype or more are the same to an anchor of another.
    case = draw_case(num_samples=4, num_views=1)
    anchors, prototypes = case['embeddings'], case['prototypes']
    labels = torch.tensor([0, 0, 1, 1])

    def loss_of_first(num_copies: int) -> float:
        rows = torch.cat([anchors[1:], prototypes[3].repeat(num_copies, 1)])
        row_labels = torch.cat([labels[1:], torch.full((num_copies,), 3)])
        return balanced_contrastive_loss(anchors[:1], labels[:1], rows, row_labels, prototypes=prototypes).item()

    assert loss_of_first(1) == pytest.approx(loss_of_first(0), rel=1e-12)
    assert loss_of_first(50) == pytest.approx(loss_of_first(0), rel=1e-12)


def test_anchors_may_be_any_part_of_the_rows():
    # Each process has the anchors of its own; their mean over processes is the loss of the whole batch.
    case = draw_case(num_samples=8)
    rows, labels, prototypes = case['embeddings'], case['labels'], case['prototypes']
    losses = []
    for part in torch.randperm(16).chunk(4):
        is_other = torch.ones(16, dtype=torch.bool).index_fill(0, part, False)
        further = rows[is_other], labels[is_other]
        losses.append(balanced_contrastive_loss(rows[part], labels[part], *further, prototypes=prototypes))
    torch.testing.assert_close(torch.stack(losses).mean(), fast_loss(rows, labels, prototypes), rtol=1e-12, atol=0)


def test_order_of_rows_does_not_matter():
    case = draw_case()
    order = torch.randperm(12)
    value, gradients = run(fast_loss, case)
    permuted = {**case, 'embeddings': case['embeddings'][order], 'labels': case['labels'][order]}
    permuted_value, permuted_gradients = run(fast_loss, permuted)
    check_equal(permuted_value, value)
    check_equal(permuted_gradients['embeddings'], gradients['embeddings'][order])
    check_equal(permuted_gradients['prototypes'], gradients['prototypes'])


def test_inputs_are_left_as_they_were():
    case = draw_case()
    before = {name: value.clone() for name, value in case.items()}
    fast_loss(**case)
    torch.testing.assert_close(case, before, rtol=0, atol=0)


def test_precision_of_float32():
    case = draw_case(num_samples=64, num_classes=500, feat_dim=16)
    check_float32(functools.partial(run, fast_loss, temperature=0.1), case)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs(dtype):
    case = draw_case(num_samples=32, num_classes=10, feat_dim=16)
    check_half_precision(functools.partial(run, fast_loss, temperature=0.05), case, dtype)


def test_autocast_changes_nothing():
    case = draw_case(num_samples=32, num_classes=10, feat_dim=16, dtype=torch.float32)
    expected = run(fast_loss, case)
    check_equal(run(under_autocast(fast_loss), case), expected, rtol=0, atol=0)
