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
from oracles.paco import draw_case, loop_paco_loss, masked_paco_loss

from ltcl.functional import paco_loss

COUNTS = torch.tensor([50, 20, 5, 1])
CASES = {
    'plain': ({}, {}),
    'prior': ({}, dict(class_counts=COUNTS)),
    'zero_count': ({}, dict(class_counts=torch.tensor([50, 0, 5, 1]))),
    'smoothing': ({}, dict(smoothing=0.1)),
    'gamma_0': ({}, dict(gamma=0.0)),
    'gamma_half': ({}, dict(gamma=0.5)),
    'supt': ({}, dict(supt=2.5, class_counts=COUNTS)),
    'base_temperature': ({}, dict(temperature=0.1, base_temperature=0.07)),
    'alpha_0': ({}, dict(alpha=0.0)),
    'all_knobs': (
        dict(seed=3),
        dict(
            class_counts=COUNTS,
            temperature=0.07,
            base_temperature=0.2,
            alpha=0.3,
            beta=0.7,
            gamma=0.4,
            supt=1.5,
            smoothing=0.2,
        ),
    ),
    'empty_queue': (dict(num_rows=0), dict(class_counts=COUNTS)),
    'one_anchor': (dict(num_anchors=1), dict(class_counts=COUNTS)),
    'one_anchor_alone': (dict(num_anchors=1, num_rows=0), {}),
    'one_anchor_alone_gamma_0': (dict(num_anchors=1, num_rows=0), dict(gamma=0.0, smoothing=0.1)),
    'classes_absent': (dict(num_classes=30), dict(smoothing=0.1)),
    'many_rows': (dict(num_anchors=12, num_rows=40, num_classes=3, feat_dim=8), dict(temperature=0.05)),
}


def run(loss, case: dict, leaves: tuple[str, ...] = ('anchors', 'logits', 'rows'), **kwargs):
    """Value and gradients of a loss."""
    return value_and_gradients(loss, case, leaves, **kwargs)


@pytest.mark.parametrize('loss', [paco_loss, masked_paco_loss])
@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name, loss):
    shapes, kwargs = CASES[name]
    case = draw_case(**shapes)
    check_equal(run(loss, case, **kwargs), run(loop_paco_loss, case, **kwargs))


@pytest.mark.parametrize('seed', range(5))
def test_equals_double_loop_on_all_one_class(seed):
    case = draw_case(seed=seed)
    case['labels'].fill_(2)
    case['row_labels'].fill_(2)
    check_equal(run(paco_loss, case, class_counts=COUNTS), run(loop_paco_loss, case, class_counts=COUNTS))


def test_published_epsilon_and_self_pair_in_the_maximum():
    # The only large term is the self pair, so the 1e-12 of the published denominator carries weight.
    case = draw_case(num_rows=0, feat_dim=6, num_classes=2)
    case['anchors'] = torch.eye(6, dtype=torch.float64)
    case['logits'] = torch.full((6, 2), -8.0, dtype=torch.float64)
    actual = run(paco_loss, case, temperature=0.05)
    check_equal(actual, run(loop_paco_loss, case, temperature=0.05))
    # gamma = 0 leaves 2 e^-28 and 1e-12, after the maximum of 20 is subtracted.
    case['labels'] = torch.tensor([0, 1, 0, 1, 0, 1])
    value, _ = run(paco_loss, case, temperature=0.05, gamma=0.0, alpha=0.0)
    assert value.item() == pytest.approx(math.log(2 * math.exp(-28) + 1e-12) + 28, rel=1e-12)


def test_identical_embeddings():
    num_anchors, num_rows, num_classes = 3, 4, 5
    row = torch.tensor([0.6, 0.8], dtype=torch.float64)
    value = paco_loss(
        row.repeat(num_anchors, 1),
        torch.ones(num_anchors, dtype=torch.int64),
        row.repeat(num_rows, 1),
        torch.ones(num_rows, dtype=torch.int64),
        logits=torch.zeros(num_anchors, num_classes, dtype=torch.float64),
        temperature=0.5,
        alpha=0.1,
    )
    num_positives = num_anchors + num_rows - 1
    expected = math.log(num_classes + num_positives * math.exp(2)) - 0.1 * num_positives * 2 / (1 + 0.1 * num_positives)
    assert value.item() == pytest.approx(expected, rel=1e-10)


def test_only_centres_is_balanced_softmax():
    case = draw_case()
    value = paco_loss(**case, class_counts=COUNTS, alpha=0.0, gamma=0.0)
    expected = torch.nn.functional.cross_entropy(case['logits'] + torch.log(COUNTS / COUNTS.sum()), case['labels'])
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)


def test_without_weight_of_the_centre_an_anchor_without_a_positive_contributes_nothing():
    case = draw_case(num_anchors=3, num_rows=2, num_classes=4)
    case['labels'], case['row_labels'] = torch.tensor([0, 1, 2]), torch.tensor([0, 3])
    value, gradients = run(paco_loss, case, beta=0.0)
    log_denominator_of_first, positive = run_first_anchor(case)
    assert value.item() == pytest.approx((log_denominator_of_first - positive) / 3, rel=1e-9)
    assert not gradients['logits'][1:].any()


def run_first_anchor(case: dict) -> tuple[float, float]:
    """Log denominator of the first anchor, and its similarity to the first row of the queue."""
    rows = torch.cat([case['anchors'][1:], case['rows']])
    similarities = rows @ case['anchors'][0] / 0.2
    return torch.cat([case['logits'][0], similarities]).logsumexp(0).item(), similarities[2].item()


def test_a_uniform_prior_is_not_a_no_op():
    case = draw_case()
    with_prior = paco_loss(**case, class_counts=torch.full((4,), 7))
    shifted = {**case, 'logits': case['logits'] - math.log(4)}
    assert with_prior.item() == pytest.approx(paco_loss(**shifted).item(), rel=1e-8)
    assert abs(with_prior - paco_loss(**case)) > 1e-3


def test_order_of_rows_does_not_matter():
    case = draw_case()
    anchors, rows = torch.randperm(6), torch.randperm(10)
    permuted = dict(
        anchors=case['anchors'][anchors],
        labels=case['labels'][anchors],
        logits=case['logits'][anchors],
        rows=case['rows'][rows],
        row_labels=case['row_labels'][rows],
    )
    value, gradients = run(paco_loss, case, class_counts=COUNTS)
    permuted_value, permuted_gradients = run(paco_loss, permuted, class_counts=COUNTS)
    check_equal(permuted_value, value)
    check_equal(permuted_gradients['anchors'], gradients['anchors'][anchors])
    check_equal(permuted_gradients['rows'], gradients['rows'][rows])


def test_each_gradient_is_the_same_whatever_else_is_frozen():
    case = draw_case()
    value, gradients = run(paco_loss, case)
    for leaf in ('anchors', 'rows', 'logits'):
        alone_value, alone = run(paco_loss, case, leaves=(leaf,))
        check_equal((alone_value, alone[leaf]), (value, gradients[leaf]))
    assert not paco_loss(**case).requires_grad


@pytest.mark.parametrize('loss', [paco_loss, masked_paco_loss])
def test_precision_of_float32(loss):
    case = draw_case(num_anchors=32, num_rows=256, num_classes=10, feat_dim=16)
    check_float32(functools.partial(run, loss, temperature=0.1), case)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs(dtype):
    case = draw_case(num_anchors=64, num_rows=128, num_classes=10, feat_dim=16)
    check_half_precision(functools.partial(run, paco_loss, temperature=0.05), case, dtype)


def test_autocast_changes_nothing():
    case = draw_case(num_anchors=64, num_rows=128, dtype=torch.float32)
    expected = run(paco_loss, case, temperature=0.05, class_counts=COUNTS)
    actual = run(under_autocast(paco_loss), case, temperature=0.05, class_counts=COUNTS)
    check_equal(actual, expected, rtol=0, atol=0)


def test_float32_survives_a_long_queue_of_one_class():
    # The sum over thousands of positives, each of a similarity near 20, is taken before it is divided.
    case = draw_case(num_anchors=8, num_rows=8192, num_classes=1, feat_dim=16)
    for name in ('anchors', 'rows'):
        case[name] = torch.nn.functional.normalize(torch.eye(16).double()[0] + 0.1 * case[name], dim=1)
    expected = run(paco_loss, case, temperature=0.05)[0].item()
    assert run(paco_loss, cast(case, torch.float32), temperature=0.05)[0].item() == pytest.approx(expected, rel=1e-5)
