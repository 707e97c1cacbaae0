import functools
import math

import pytest
import torch
from loss_checks import check_equal, check_float32, check_half_precision, under_autocast, value_and_gradients
from oracles.proco import draw_case, exact_log_normalizer, loop_proco_loss, plain_proco_loss
from oracles.rows import unit_rows
from torch.utils._python_dispatch import TorchDispatchMode

from ltcl.errors import UserError
from ltcl.functional import proco_loss
from ltcl.functional.proco import (
    ClassMeans,
    concentration,
    joined,
    log_normalizer,
    means_of,
    proco_logits,
    random_means,
)

CONCENTRATIONS = [0.0, 1e-3, 0.03, 1.0, 4.0, 14.0, 40.0, 130.0, 400.0, 1300.0, 4e3, 1.3e4, 1e5]


def fast_loss(anchors, labels, class_means, class_counts, **kwargs):
    return proco_loss(anchors, labels, class_means=class_means, class_counts=class_counts, **kwargs)


def run(loss, case: dict, **kwargs) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Value and gradient of a loss."""
    return value_and_gradients(loss, case, ('anchors',), **kwargs)


@pytest.mark.parametrize('feat_dim', [1, 2, 3, 8, 16, 17, 50, 128, 1024, 2048])
def test_normaliser_is_exact_at_all_concentrations(feat_dim):
    t = torch.tensor(CONCENTRATIONS, dtype=torch.float64, requires_grad=True)
    value = log_normalizer(t.square(), feat_dim)
    (slope,) = torch.autograd.grad(value.sum(), t)
    expected = [exact_log_normalizer(feat_dim / 2 - 1, each) for each in CONCENTRATIONS]
    expected = torch.tensor(expected, dtype=torch.float64).T
    torch.testing.assert_close(value, expected[0], rtol=1e-13, atol=1e-12)
    torch.testing.assert_close(slope, expected[1], rtol=1e-13, atol=0)
    assert (slope <= 1 + 1e-15).all()


@pytest.mark.parametrize('feat_dim', [3, 16, 128, 1024, 2048])
def test_normaliser_of_float32(feat_dim):
    t = torch.tensor(CONCENTRATIONS)
    value = log_normalizer(t.square(), feat_dim)
    expected = log_normalizer(t.double().square(), feat_dim)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)


CASES = {
    'plain': {},
    'one_anchor': dict(num_samples=1, seed=1),
    'one_class': dict(num_classes=1),
    'narrow': dict(feat_dim=2, seed=2),
    'wide': dict(feat_dim=64, seed=3),
    'more_classes_than_anchors': dict(num_samples=2, num_classes=9),
}


@pytest.mark.parametrize('temperature', [0.07, 0.5])
@pytest.mark.parametrize('loss', [fast_loss, plain_proco_loss])
@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name, loss, temperature):
    case = draw_case(**CASES[name])
    expected = run(loop_proco_loss, case, temperature=temperature)
    check_equal(run(loss, case, temperature=temperature), expected)


def test_lengths_that_make_the_largest_concentration():
    case = draw_case(num_classes=5)
    directions = case['class_means'] / case['class_means'].norm(dim=1, keepdim=True)
    case['class_means'] = directions * torch.tensor([[0.5], [1 - 1e-6], [1.0], [1 + 1e-9], [3.0]])
    assert concentration(case['class_means']).tolist()[1:] == [1e5] * 4
    check_equal(run(fast_loss, case), run(loop_proco_loss, case), rtol=1e-8, atol=1e-9)


def test_expectation_is_that_of_drawn_samples():
    # On a circle a von Mises-Fisher distribution is one of angles: average over them.
    kappa_over_d, temperature = 0.9 / (1 - 0.9**2), 0.5
    angles = torch.arange(20000, dtype=torch.float64) * (2 * math.pi / 20000)
    density = (2 * kappa_over_d * angles.cos()).exp()
    for angle in (0.0, 1.0, math.pi):
        anchor = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
        similarity = (angles - angle).cos() / temperature
        expected = ((similarity.exp() * density).sum() / density.sum()).log()
        mean = torch.tensor([[0.9, 0.0]], dtype=torch.float64)
        check_equal(proco_logits(anchor, mean, temperature=temperature)[0, 0], expected)


def test_class_without_a_direction_is_spread_evenly():
    case = draw_case()
    case['class_means'][1] = 0
    logits = proco_logits(case['anchors'], case['class_means'])
    near = case['class_means'].clone()
    near[1, 0] = 1e-12
    check_equal(logits, proco_logits(case['anchors'], near))
    value, gradients = run(fast_loss, case)
    assert value.isfinite()
    assert gradients['anchors'].isfinite().all()


def test_class_without_images_is_left_out():
    case = draw_case()
    case['labels'] = case['labels'] % 3
    case['class_counts'][3] = 0
    kept = {**case, 'class_means': case['class_means'][:3], 'class_counts': case['class_counts'][:3]}
    check_equal(run(fast_loss, case), run(fast_loss, kept))


def test_anchor_opposite_to_a_class_of_its_own_concentration():
    # t is 0: the square may come out below it.
    mean = 0.6 * unit_rows(1, 16, generator=torch.Generator().manual_seed(0))
    temperature = 1 / float(concentration(mean))
    anchor = (-mean / mean.norm()).requires_grad_()
    logits = proco_logits(anchor, mean, temperature=temperature)
    (gradient,) = torch.autograd.grad(logits.sum(), anchor)
    expected = exact_log_normalizer(7.0, 0.0)[0] - exact_log_normalizer(7.0, 1 / temperature)[0]
    assert logits.item() == pytest.approx(expected, rel=1e-12)
    assert gradient.abs().max() < 1e-12


def test_rotation_and_order_change_nothing():
    case = draw_case(num_samples=7)
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(8, 8, generator=generator, dtype=torch.float64))[0]
    order, classes = torch.randperm(7, generator=generator), torch.randperm(4, generator=generator)
    turned = dict(
        anchors=(case['anchors'] @ turn)[order],
        labels=classes.argsort()[case['labels'][order]],
        class_means=(case['class_means'] @ turn)[classes],
        class_counts=case['class_counts'][classes],
    )
    value, gradients = run(fast_loss, case)
    turned_value, turned_gradients = run(fast_loss, turned)
    check_equal(turned_value, value)
    check_equal(turned_gradients['anchors'], (gradients['anchors'] @ turn)[order])


def test_gradient_equals_finite_differences():
    case = draw_case()
    anchors = case.pop('anchors').requires_grad_()
    assert torch.autograd.gradcheck(lambda rows: fast_loss(rows, **case), anchors)


@pytest.mark.parametrize('feat_dim', [16, 2048])
def test_precision_of_float32(feat_dim):
    case = draw_case(num_samples=32, num_classes=100, feat_dim=feat_dim)
    case['class_means'][::7] *= 2  # the largest concentration
    check_float32(functools.partial(run, fast_loss, temperature=0.1), case)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs(dtype):
    case = draw_case(num_samples=32, num_classes=10, feat_dim=16)
    case['class_means'][-1] *= 2
    check_half_precision(functools.partial(run, fast_loss, temperature=0.05), case, dtype)


def test_autocast_changes_nothing():
    case = draw_case(num_samples=32, num_classes=10, feat_dim=16, dtype=torch.float32)
    check_equal(run(under_autocast(fast_loss), case), run(fast_loss, case), rtol=0, atol=0)


class LargestTensor(TorchDispatchMode):
    """Notes the most elements that any tensor has."""

    most = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        for each in result if isinstance(result, tuple | list) else (result,):
            self.most = max(self.most, each.numel() if isinstance(each, torch.Tensor) else 0)
        return result


def test_thousands_of_classes_and_wide_embeddings():
    case = draw_case(num_samples=16, num_classes=8142, feat_dim=2048, dtype=torch.float32)
    with LargestTensor() as largest:
        value, gradients = run(fast_loss, case)
    assert largest.most == 8142 * 2048  # the means; nothing has 16 times as many
    assert value.isfinite()
    assert gradients['anchors'].isfinite().all()


def test_means_are_those_of_all_rows():
    generator = torch.Generator().manual_seed(0)
    estimate, start = random_means(5, 8), None
    estimate = start = ClassMeans(estimate.mean.double(), estimate.amount.double())
    batches = [(unit_rows(n, 8, generator=generator), torch.randint(4, (n,), generator=generator)) for n in (6, 1, 9)]
    for rows, labels in batches:
        estimate = joined(estimate, means_of(rows, labels, 5))
    rows, labels = (torch.cat(each) for each in zip(*batches, strict=True))
    assert estimate.amount.tolist() == torch.bincount(labels, minlength=5).tolist()
    assert estimate.amount[4] == 0
    for label in labels.unique():
        torch.testing.assert_close(estimate.mean[label], rows[labels == label].mean(0), rtol=1e-12, atol=1e-15)
    assert torch.equal(estimate.mean[4], start.mean[4])


def test_a_single_row_takes_the_place_of_the_start():
    row = unit_rows(1, 16, generator=torch.Generator().manual_seed(0)).float()
    start = random_means(3, 16)
    estimate = joined(start, means_of(row, torch.tensor([1]), 3))
    assert torch.equal(estimate.mean[1], row[0])
    assert concentration(estimate.mean)[1] == 1e5
    torch.testing.assert_close(concentration(start.mean), torch.full((3,), 16 * 90 / 19).double(), rtol=1e-5, atol=0)


def test_random_means_follow_the_generator():
    first, again, other = (random_means(3, 8, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.mean, again.mean)
    assert not torch.equal(first.mean, other.mean)
    torch.testing.assert_close(first.mean.norm(dim=1), torch.full((3,), 0.9))
    assert not first.amount.any()


def test_mistakes_are_named():
    case = draw_case()
    narrow = {**case, 'class_means': case['class_means'][:, :7]}
    with pytest.raises(UserError, match=r'class_means must have shape \(C, D\) with .*D = 8 of anchors, got \(4, 7\)'):
        fast_loss(**narrow)
    calls = (
        lambda labels: fast_loss(**{**case, 'labels': labels}),
        lambda labels: means_of(case['anchors'], labels, 4),
    )
    for call in calls:
        with pytest.raises(UserError, match=r'labels must be in 0\.\.3, the classes of \w+, got 0\.\.4'):
            call(torch.arange(5))
