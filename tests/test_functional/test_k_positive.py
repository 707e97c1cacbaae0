import math

import pytest
import torch
from loss_checks import under_autocast
from oracles.kcl_tsc import draw_case, loop_k_positive_loss

from ltcl.functional import k_positive_contrastive_loss

CASES = {
    'kcl': (dict(with_targets=False), {}),
    'kcl_all': (dict(with_targets=False, num_positives=0), {}),
    'kcl_scarce': (dict(with_targets=False, num_positives=6, queue_len=8, num_classes=7), {}),
    'kcl_unwritten_queue': (dict(with_targets=False, num_unwritten=20), {}),
    'kcl_no_queue': (dict(with_targets=False, num_positives=0, queue_len=0), {}),
    'tsc': ({}, {}),
    'tsc_all': (dict(num_positives=0), dict(target_repeat=2)),
    'tsc_repeat': ({}, dict(target_repeat=3, target_weight=0.5)),
    'tsc_mixed': (dict(num_positives=4), dict(target_repeat=2, separate_targets=False)),
    'tsc_mixed_all': (dict(num_positives=0), dict(target_repeat=2, separate_targets=False)),
    'tsc_no_queue': (dict(num_positives=0, queue_len=0), {}),
    'tsc_mixed_no_queue': (dict(num_positives=2, queue_len=0), dict(separate_targets=False)),
    'tsc_absent_classes': (dict(num_classes=30), {}),
    'one_anchor': (dict(num_anchors=1), dict(target_repeat=2)),
    'temperature': (dict(num_anchors=9, queue_len=50), dict(temperature=0.3, target_weight=1.0)),
}
LEAVES = ('anchors', 'keys', 'rows', 'class_targets')


def run(loss, case: dict, **kwargs):
    """Both terms, and the gradients of their sum."""
    names = [name for name in LEAVES if case[name] is not None]
    case = {**case, **{name: case[name].clone().requires_grad_() for name in names}}
    terms = loss(**case, **kwargs)
    gradients = torch.autograd.grad(sum(terms), [case[name] for name in names], materialize_grads=True)
    return [term.detach() for term in terms], dict(zip(names, gradients, strict=True))


@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name):
    shapes, kwargs = CASES[name]
    case = draw_case(**shapes)
    actual, expected = run(k_positive_contrastive_loss, case, **kwargs), run(loop_k_positive_loss, case, **kwargs)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('separate_targets', [True, False])
def test_equals_double_loop_on_one_class(seed, separate_targets):
    case = draw_case(seed=seed)
    case['labels'].fill_(2)
    case['row_labels'].fill_(2)
    kwargs = dict(separate_targets=separate_targets, target_repeat=2)
    actual, expected = run(k_positive_contrastive_loss, case, **kwargs), run(loop_k_positive_loss, case, **kwargs)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def test_identical_embeddings():
    # All candidates are equal, so every log probability is that of a uniform choice, whatever is drawn.
    row = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    terms = k_positive_contrastive_loss(
        row.repeat(3, 1),
        torch.tensor([0, 1, 1]),
        row.repeat(10, 1),
        torch.tensor([0] * 2 + [1] * 6 + [-1] * 2),
        keys=row.repeat(3, 1),
        num_classes=4,
        draws=torch.rand(5, 3),
        class_targets=row.repeat(4, 1),
        target_repeat=2,
        target_weight=0.25,
    )
    log_num_candidates = math.log(1 + 10 + 4 * 2)
    shares = [(1 + drawn) / (1 + drawn + 2) for drawn in (2, 5, 5)]
    assert terms.class_term.item() == pytest.approx(log_num_candidates * sum(shares) / 3, rel=1e-12)
    assert terms.target_term.item() == pytest.approx(0.25 * log_num_candidates * (3 - sum(shares)) / 3, rel=1e-12)


def test_without_rows_of_the_class_it_is_info_nce():
    case = draw_case(with_targets=False, num_unwritten=20)
    class_term, target_term = k_positive_contrastive_loss(**case)
    logits = torch.cat([(case['anchors'] * case['keys']).sum(1, keepdim=True), case['anchors'] @ case['rows'].T], 1)
    expected = torch.nn.functional.cross_entropy(logits / 0.07, torch.zeros(6, dtype=torch.int64))
    torch.testing.assert_close(class_term, expected, rtol=1e-12, atol=0)
    assert target_term == 0


def test_no_overflow_at_a_low_temperature():
    # exp(1 / 0.005) is beyond float32: the published exponential without shift overflows here.
    case = draw_case()
    case = {**case, **{name: case[name].float() for name in LEAVES}}
    terms, gradients = run(k_positive_contrastive_loss, case, temperature=0.005)
    expected, _ = run(loop_k_positive_loss, case, temperature=0.005)
    torch.testing.assert_close(torch.stack(terms).double(), torch.stack(expected), rtol=1e-5, atol=0)
    assert all(gradient.isfinite().all() for gradient in gradients.values())


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs(dtype):
    case = draw_case(num_anchors=32, queue_len=100, num_classes=6, feat_dim=16)
    half = {**case, **{name: case[name].to(dtype) for name in LEAVES}}
    widened = {**half, **{name: half[name].float() for name in LEAVES}}
    terms, gradients = run(k_positive_contrastive_loss, half)
    assert terms == run(k_positive_contrastive_loss, widened)[0]
    for gradient in gradients.values():
        assert gradient.dtype == dtype
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


def test_autocast_changes_nothing():
    case = draw_case(num_anchors=32, queue_len=100)
    case = {**case, **{name: case[name].float() for name in LEAVES}}
    expected = run(k_positive_contrastive_loss, case)
    actual = run(under_autocast(k_positive_contrastive_loss), case)
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)
