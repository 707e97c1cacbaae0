import math

import pytest
import torch
from oracles.kcl_tsc import draw_uniform, loop_in_batch_loss
from oracles.rows import unit_rows

from ltcl.errors import UserError
from ltcl.functional import in_batch_contrastive_loss

WEIGHTS = torch.tensor([0.5, 1.0, 1.5, 2.0])


def draw_case(
    num_images: int = 5,
    num_views: int = 2,
    num_positives: int = 2,
    target_repeat: int = 0,
    num_classes: int = 4,
    seed: int = 0,
) -> dict:
    generator = torch.Generator().manual_seed(seed)
    case = dict(
        anchors=unit_rows(num_views * num_images, 6, generator=generator),
        labels=torch.randint(num_classes, (num_images,), generator=generator).repeat(num_views),
        rows=torch.zeros(0, 6, dtype=torch.float64),
        row_labels=torch.arange(0),
        num_classes=num_classes,
        num_views=num_views,
    )
    if target_repeat:
        targets, classes = unit_rows(num_classes, 6, generator=generator), torch.arange(num_classes)
        case.update(rows=targets, row_labels=classes, target_repeat=target_repeat)
    num_rows = num_views * (num_images + num_classes * target_repeat)
    return case | dict(draws=draw_uniform(num_positives, num_rows, generator))


def run(loss, case: dict, **kwargs):
    anchors = case['anchors'].clone().requires_grad_()
    value = loss(**(case | dict(anchors=anchors)), **kwargs)
    return value.detach(), torch.autograd.grad(value, anchors)[0]


CASES = {
    'drawn': ({}, {}),
    'all': (dict(num_positives=0), {}),
    'more_than_there_are': (dict(num_positives=9), {}),
    'one_view': (dict(num_views=1, num_images=9), {}),
    'one_view_all': (dict(num_views=1, num_positives=0, num_images=9), {}),
    'targets': (dict(target_repeat=2), {}),
    'targets_all': (dict(target_repeat=3, num_positives=0), {}),
    'targets_one_copy': (dict(target_repeat=1), {}),
    'targets_one_view': (dict(target_repeat=2, num_views=1), {}),
    'targets_one_view_one_copy': (dict(target_repeat=1, num_views=1, num_positives=0), {}),
    'all_targets': (dict(target_repeat=2), dict(all_targets_positive=True)),
    'all_targets_one_view': (dict(target_repeat=2, num_views=1), dict(all_targets_positive=True)),
    'all_targets_absent': ({}, dict(all_targets_positive=True)),
    'unbiased': ({}, dict(unbiased=True)),
    'unbiased_all': (dict(num_positives=0), dict(unbiased=True)),
    'unbiased_targets': (dict(target_repeat=2), dict(unbiased=True, all_targets_positive=True)),
    'unbiased_targets_all': (dict(target_repeat=2, num_positives=0), dict(unbiased=True)),
    'weights': (dict(target_repeat=1), dict(class_weights=WEIGHTS)),
    'temperature': ({}, dict(temperature=0.2)),
    'first_view': (dict(target_repeat=2), dict(averaged='first_view')),
    'only_targets': (dict(target_repeat=2), dict(averaged='targets')),
    'one_image': (dict(num_images=1), {}),
    'classes_absent': (dict(num_classes=20, target_repeat=1), {}),
}


@pytest.mark.parametrize('name', [name for name, (shapes, _) in CASES.items() if shapes.get('num_images', 5) > 1])
def test_processes_share_the_anchors(name):
    shapes, kwargs = CASES[name]
    case = draw_case(**{**shapes, 'num_images': 6})
    whole = run(in_batch_contrastive_loss, case, **kwargs)
    shares = [run(in_batch_contrastive_loss, case, share=(rank, 3), **kwargs) for rank in range(3)]
    for ours, expected in zip(zip(*shares, strict=True), whole, strict=True):
        torch.testing.assert_close(torch.stack(ours).mean(0), expected)
    if kwargs.get('averaged') != 'targets':
        assert len({value.item() for value, _ in shares}) == 3


@pytest.mark.parametrize('name', CASES)
def test_equals_double_loop(name):
    shapes, kwargs = CASES[name]
    case = draw_case(**shapes)
    actual, expected = run(in_batch_contrastive_loss, case, **kwargs), run(loop_in_batch_loss, case, **kwargs)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('num_positives', [0, 2])
def test_targets_in_another_order_and_not_of_every_class(num_positives):
    case = draw_case(target_repeat=2, num_positives=0) | dict(row_labels=torch.tensor([3, 0, 1]), target_repeat=2)
    case['rows'] = case['rows'][:3]
    case['draws'] = draw_uniform(num_positives, 2 * (5 + 3 * 2), torch.Generator().manual_seed(0))
    kwargs = dict(all_targets_positive=True)
    actual, expected = run(in_batch_contrastive_loss, case, **kwargs), run(loop_in_batch_loss, case, **kwargs)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('num_views', [3, 4])
def test_refuses_other_numbers_of_views(num_views):
    with pytest.raises(UserError, match=f'10 anchors are not those of {num_views} views'):
        run(in_batch_contrastive_loss, draw_case() | dict(num_views=num_views))


@pytest.mark.parametrize('change', [-1, 3])
def test_refuses_draws_of_other_rows(change):
    case = draw_case(target_repeat=2)
    num_rows = case['draws'].shape[1]
    case['draws'] = draw_uniform(2, num_rows + change, torch.Generator().manual_seed(0))
    with pytest.raises(UserError, match=f'a column for each of the {num_rows} rows, got {num_rows + change}$'):
        run(in_batch_contrastive_loss, case)


@pytest.mark.parametrize('share', [(2, 2), (-1, 2), (0, 0), (0, 2)])
def test_refuses_a_share_of_no_process(share):
    with pytest.raises(UserError, match=r'share \(-?\d, \d\) is none of 5 images of a view'):
        run(in_batch_contrastive_loss, draw_case(num_images=5), share=share)


@pytest.mark.parametrize('unbiased', [False, True])
@pytest.mark.parametrize('num_positives', [0, 3])
def test_one_class(num_positives, unbiased):
    # Unbiased and without any other class, the denominator is the pair itself: every log probability is 0.
    case = draw_case(num_positives=num_positives)
    case['labels'].fill_(1)
    value, gradient = run(in_batch_contrastive_loss, case, unbiased=unbiased)
    torch.testing.assert_close(
        (value, gradient), run(loop_in_batch_loss, case, unbiased=unbiased), rtol=1e-9, atol=1e-9
    )
    assert value.abs() < 1e-9 if unbiased else value > 0.1


@pytest.mark.parametrize('num_positives', [0, 2])
def test_rows_without_positive_contribute_nothing(num_positives):
    # One view, class 3 has one image: the published code returns not a number.
    case = draw_case(num_images=7, num_views=1, num_positives=num_positives)
    case['labels'] = torch.tensor([0, 0, 1, 1, 1, 0, 3])
    value, gradient = run(in_batch_contrastive_loss, case)
    expected, expected_gradient = run(loop_in_batch_loss, case)
    torch.testing.assert_close((value, gradient), (expected, expected_gradient), rtol=1e-10, atol=1e-12)
    assert gradient.isfinite().all()


@pytest.mark.parametrize('unbiased', [False, True])
@pytest.mark.parametrize('num_positives', [0, 2])
def test_one_row_alone(num_positives, unbiased):
    value, gradient = run(
        in_batch_contrastive_loss, draw_case(1, num_views=1, num_positives=num_positives), unbiased=unbiased
    )
    assert value == 0
    assert (gradient == 0).all()


def test_identical_embeddings():
    row = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    value = in_batch_contrastive_loss(
        row.repeat(6, 1),
        torch.tensor([0, 1, 2, 0, 1, 2]),
        row.repeat(3, 1),
        torch.arange(3),
        num_classes=3,
        target_repeat=4,
        temperature=0.14,
    )
    assert value.item() == pytest.approx(2 * math.log(2 * (3 + 3 * 4) - 1), rel=1e-12)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs(dtype):
    case = draw_case(num_images=20, target_repeat=2)
    for name in ('anchors', 'rows'):
        case[name] = case[name].to(dtype)
    widened = case | {name: case[name].float() for name in ('anchors', 'rows')}
    value, gradient = run(in_batch_contrastive_loss, case)
    assert value == run(in_batch_contrastive_loss, widened)[0]
    assert gradient.dtype == dtype
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0
