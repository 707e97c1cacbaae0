import math

import pytest
import torch
from oracles.resco import as_columns, draw_queue, index_tables, loop_mine_hard, loop_resco, loop_rescom
from oracles.rows import unit_rows

from ltcl.errors import UserError
from ltcl.functional import mine_hard, rebalanced_contrastive_loss
from ltcl.functional.mining import queue_pairs
from ltcl.functional.rebalanced_contrastive import column_priors, loss_of_pairs

SIZES = {
    'plain': dict(num_anchors=6, num_classes=4, feat_dim=5),
    'many_classes_absent': dict(num_anchors=4, num_classes=30, feat_dim=8),
    'two_anchors': dict(num_anchors=2, num_classes=3, feat_dim=4),
    'one_class_in_batch': dict(num_anchors=5, num_classes=4, feat_dim=6, label=2),
}
TOLERANCE = dict(rtol=1e-10, atol=1e-12)


def draw(num_anchors: int, num_classes: int, feat_dim: int, label: int | None = None, seed: int = 0) -> tuple:
    """Anchors, a second set of rows, their labels, and class weights."""
    generator = torch.Generator().manual_seed(seed)
    rows = [unit_rows(num_anchors, feat_dim, generator=generator).requires_grad_() for _ in range(2)]
    labels = torch.randint(num_classes, (num_anchors,), generator=generator)
    weights = torch.rand(num_classes, generator=generator).double()
    return *rows, labels.fill_(label) if label is not None else labels, weights


def check_equal(actual: torch.Tensor, expected: torch.Tensor, leaves: list[torch.Tensor]) -> None:
    torch.testing.assert_close(actual, expected, **TOLERANCE)
    gradients = [torch.autograd.grad(value, leaves) for value in (actual, expected)]
    torch.testing.assert_close(*gradients, **TOLERANCE)


def fast_resco(query, key, labels, positive_queue, negative_queue, **kwargs):
    queues = dict(queue=positive_queue, negative_queue=negative_queue)
    return rebalanced_contrastive_loss(query, labels, key, labels, **queues, among_anchors=False, **kwargs)


def fast_rescom(anchors, labels, queue, num_positives, num_negatives, **kwargs):
    num_hard = dict(num_positives=num_positives, num_negatives=num_negatives)
    return rebalanced_contrastive_loss(
        anchors, labels, anchors[:0], labels[:0], queue=queue, num_hard=num_hard, **kwargs
    )


@pytest.mark.parametrize('slots', [(4, 1), (2, 3), (0, 2), (3, 0), (0, 0)])
@pytest.mark.parametrize('name', SIZES)
def test_resco_equals_loop(name, slots):
    query, key, labels, weights = draw(**SIZES[name])
    queues = [draw_queue(len(weights), each, query.shape[1], seed=each) for each in slots]
    for kwargs in ({}, dict(temperature=0.07, class_weights=weights)):
        expected = loop_resco(query, key, labels, *queues, **kwargs)
        check_equal(fast_resco(query, key, labels, *queues, **kwargs), expected, [query, key])


@pytest.mark.parametrize('num_hard', [(1, 3), (2, 1), (3, 6), (0, 2), (1, 0), (0, 0)])
@pytest.mark.parametrize('name', SIZES)
def test_rescom_equals_loop(name, num_hard):
    anchors, _, labels, weights = draw(**SIZES[name])
    queue = draw_queue(len(weights), 3, anchors.shape[1])
    for kwargs in ({}, dict(temperature=0.07, class_weights=weights)):
        expected = loop_rescom(anchors, labels, queue, *num_hard, **kwargs)
        check_equal(fast_rescom(anchors, labels, queue, *num_hard, **kwargs), expected, [anchors])


def test_rescom_without_queue():
    anchors, _, labels, weights = draw(**SIZES['plain'])
    queue = draw_queue(len(weights), 0, anchors.shape[1])
    check_equal(fast_rescom(anchors, labels, queue, 0, 0), loop_rescom(anchors, labels, queue, 0, 0), [anchors])


@pytest.mark.parametrize('num_classes', [2, 5, 40])
@pytest.mark.parametrize('slots', [1, 4])
def test_mined_pairs(num_classes, slots):
    anchors, _, labels, _ = draw(12, num_classes, 6)
    queue = draw_queue(num_classes, slots, 6)
    most = slots * (num_classes - 1)
    for num_positives, num_negatives in ((1, 1), (slots, most), (slots, min(most, 7))):
        num_hard = dict(num_positives=num_positives, num_negatives=num_negatives)
        hard = mine_hard(anchors, labels, queue, **num_hard)
        tables = index_tables(num_classes, slots)
        expected = loop_mine_hard(anchors, labels, as_columns(queue), tables, num_positives, num_negatives)
        for actual, looped in zip(hard[:2], expected, strict=True):
            torch.testing.assert_close(actual, looped, **TOLERANCE)
        rows = queue.flatten(0, 1)
        for values, columns in (
            (hard.positives, labels[:, None] * slots + hard.positive_slots),
            (hard.negatives, hard.negative_columns),
        ):
            torch.testing.assert_close(values, torch.einsum('nd,nkd->nk', anchors, rows[columns]), **TOLERANCE)
        assert not (hard.negative_columns // slots == labels[:, None]).any()


def test_gradient_of_mined_pairs():
    anchors, _, labels, _ = draw(5, 6, 4)
    queue = draw_queue(6, 3, 4)
    pick = lambda rows: torch.cat(mine_hard(rows, labels, queue, num_positives=2, num_negatives=4)[:2], 1)  # noqa: E731
    assert torch.autograd.gradcheck(pick, anchors)


def test_unwritten_slots_are_left_out():
    anchors, _, labels, _ = draw(5, 3, 4)
    queue = draw_queue(3, 3, 4)
    # Class 0 has two rows, class 1 none, class 2 one.
    valid = torch.tensor([[True, True, False], [False] * 3, [True, False, False]])
    labels = torch.tensor([0, 1, 2, 0, 1])
    hard = mine_hard(anchors, labels, queue, num_positives=3, num_negatives=6, valid=valid)
    assert (hard.positives > -math.inf).sum(1).tolist() == [2, 0, 1, 2, 0]
    assert (hard.negatives > -math.inf).sum(1).tolist() == [1, 3, 2, 1, 3]
    similarities = anchors @ queue.flatten(0, 1).T
    torch.testing.assert_close(hard.positives[0, :2], similarities[0, :2].sort().values)
    torch.testing.assert_close(hard.negatives[1, :3], similarities[1, [0, 1, 6]].sort(descending=True).values)
    own, others = queue_pairs(anchors, labels, queue, queue, valid, valid)
    torch.testing.assert_close(own[0], torch.cat([similarities[0, :2], similarities.new_tensor([-math.inf])]))
    assert (others > -math.inf).sum((1, 2)).tolist() == [1, 3, 2, 1, 3]
    for num_hard in (None, dict(num_positives=3, num_negatives=6)):
        value = rebalanced_contrastive_loss(
            anchors, labels, anchors[:0], labels[:0], queue=queue, valid=valid, num_hard=num_hard
        )
        (gradient,) = torch.autograd.grad(value, anchors)
        assert gradient.isfinite().all()
        assert value.isfinite()


def test_left_out_columns_equal_columns_that_do_not_exist():
    generator = torch.Generator().manual_seed(0)
    blocks = [torch.randn(3, 4, generator=generator).double() for _ in range(3)]
    mask, labels = torch.rand(3, 4, generator=generator) > 0.5, torch.tensor([0, 1, 0])
    with_holes = [torch.cat([block, block.new_full((3, 2), -math.inf)], 1) for block in blocks]
    mask_with_holes = torch.cat([mask, mask.new_zeros(3, 2)], 1)
    expected = loss_of_pairs(blocks[0], mask, *blocks[1:], labels, temperature=0.2, reduction='none')
    actual = loss_of_pairs(with_holes[0], mask_with_holes, *with_holes[1:], labels, temperature=0.2, reduction='none')
    torch.testing.assert_close(actual, expected, **TOLERANCE)


def test_identical_similarities():
    # 2 + 3 + 5 equal columns: the loss of every anchor is log(10), whatever is positive.
    blocks = [torch.full((4, columns), 0.3).double() for columns in (2, 3, 5)]
    mask, labels = torch.tensor([[True, False]] * 4), torch.tensor([0, 1, 1, 2])
    weights = torch.tensor([1.0, 2.0, 4.0])
    value = loss_of_pairs(blocks[0], mask, *blocks[1:], labels, temperature=0.2)
    assert value.item() == pytest.approx(math.log(10))
    weighted = loss_of_pairs(blocks[0], mask, *blocks[1:], labels, temperature=0.2, class_weights=weights)
    assert weighted.item() == pytest.approx(math.log(10) * 9 / 4)


@pytest.mark.parametrize('similarity', [0.5, -math.inf])
def test_anchor_without_positive_contributes_nothing(similarity):
    in_batch = torch.full((2, 3), similarity).double().requires_grad_()
    nothing, mask, labels = in_batch.detach()[:, :0], torch.zeros(2, 3, dtype=torch.bool), torch.tensor([0, 1])
    value = loss_of_pairs(in_batch, mask, nothing, nothing, labels, temperature=0.2)
    (gradient,) = torch.autograd.grad(value, in_batch)
    assert value == 0
    assert not gradient.any()


def test_column_priors_are_added_to_divided_similarities():
    generator = torch.Generator().manual_seed(0)
    blocks = [torch.randn(3, columns, generator=generator).double() for columns in (3, 2, 4)]
    mask, labels = torch.eye(3, dtype=torch.bool), torch.tensor([0, 1, 2])
    priors = torch.randn(3), torch.randn(3, 1), torch.randn(3, 4)
    shifted = [block + 0.1 * prior for block, prior in zip(blocks, priors, strict=True)]
    actual = loss_of_pairs(blocks[0], mask, *blocks[1:], labels, temperature=0.1, column_priors=priors)
    expected = loss_of_pairs(shifted[0], mask, *shifted[1:], labels, temperature=0.1)
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=0)


PRIOR = torch.tensor([0.1, 0.2, 0.3])
LABELS = torch.tensor([0, 2, 1, 0])
TWO_SLOTS = torch.arange(3).repeat(2)[None]


def test_aligned_prior_is_that_of_the_column():
    mined = torch.tensor([[0, 0, 1, 2]] * 4)
    for other_classes in (TWO_SLOTS, mined):
        in_batch, own, others = column_priors(PRIOR, LABELS, LABELS, other_classes, align_prior=True)
        assert torch.equal(in_batch, PRIOR[LABELS])
        assert torch.equal(own[:, 0], PRIOR[LABELS])
        assert torch.equal(others, PRIOR[other_classes])


def test_published_prior_is_that_of_another_column():
    # Columns: the batch, two of the own class, two of each other class; priors: of the batch, then 0, 0, 1, 1, 2, 2.
    in_batch, own, others = column_priors(PRIOR, LABELS, LABELS, TWO_SLOTS, align_prior=False)
    assert torch.equal(in_batch, PRIOR[LABELS])
    assert torch.equal(own, PRIOR[:1].expand(4, 1))
    by_class = others.view(4, 2, 3)[:, 0]
    behind_own = {0: (1, 2), 1: (0, 2), 2: (0, 1)}
    for row, label in zip(by_class, LABELS.tolist(), strict=True):
        assert torch.equal(row[list(behind_own[label])], PRIOR[1:])
    assert torch.equal(others.view(4, 2, 3)[:, 1], by_class)


@pytest.mark.parametrize('reduction', ['mean', 'none'])
@pytest.mark.parametrize('loss', [fast_resco, fast_rescom])
def test_gradients_of_prior_weights_and_temperature(loss, reduction):
    anchors, rows, labels, weights = draw(6, 4, 5)
    queue = draw_queue(4, 3, 5)
    valid = torch.ones(4, 3, dtype=torch.bool)
    valid[labels[0], 1:] = False
    args = (anchors, rows, labels, queue, queue) if loss is fast_resco else (anchors, labels, queue, 1, 2)

    def call(temperature, class_prior, class_weights):
        learned = dict(temperature=temperature, class_prior=class_prior, class_weights=class_weights)
        return loss(*args, valid=valid, **learned, reduction=reduction)

    learned = [torch.tensor(0.3, dtype=torch.float64), weights.log(), weights]
    assert torch.autograd.gradcheck(call, [each.requires_grad_() for each in learned])


def test_one_queue_serves_both_kinds():
    anchors, rows, labels, _ = draw(6, 4, 5)
    queue = draw_queue(4, 3, 5)
    args = (anchors, labels, rows, labels)
    value = rebalanced_contrastive_loss(*args, queue=queue)
    torch.testing.assert_close(value, rebalanced_contrastive_loss(*args, queue=queue, negative_queue=queue))


def test_refuses():
    anchors, _, labels, _ = draw(6, 4, 5)
    queue = draw_queue(4, 3, 5)
    with pytest.raises(UserError, match=r'4 positives and 5 negatives are more than a queue of 3 slots for each of 4'):
        mine_hard(anchors, labels, queue, num_positives=4, num_negatives=5)
    with pytest.raises(UserError, match=r'num_hard takes all pairs from queue, so leave negative_queue out'):
        fast_rescom(anchors, labels, queue, 1, 1, negative_queue=queue)


def test_half_precision_is_widened():
    anchors, _, labels, _ = draw(6, 4, 5)
    half = anchors.detach().bfloat16().requires_grad_()
    queue = draw_queue(4, 3, 5).float()
    with torch.autocast('cpu', torch.bfloat16):
        value = fast_rescom(half, labels, queue, 2, 5, temperature=0.05)
        plain = fast_resco(half, half, labels, queue, queue, temperature=0.05)
    assert value.dtype == plain.dtype == torch.float32
    expected = fast_rescom(half.detach().float().requires_grad_(), labels, queue, 2, 5, temperature=0.05)
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=0)
    for each in (value, plain):
        (gradient,) = torch.autograd.grad(each, half)
        assert gradient.dtype == torch.bfloat16
        assert gradient.isfinite().all()
        assert gradient.any()
