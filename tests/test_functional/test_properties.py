"""What holds for every loss and any input: order, symmetry, shifts, gradients, and finite numbers at the extremes."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loss_checks import cast
from loss_table import LOSSES, Case, Loss, Sizes, draw_case
from torch import Tensor

# The same examples in every run.
quick = settings(derandomize=True, deadline=None, max_examples=20, database=None)

all_losses = pytest.mark.parametrize('name', LOSSES)
with_temperature = pytest.mark.parametrize('name', [name for name, loss in LOSSES.items() if loss.has_temperature])
sizes = st.builds(
    Sizes,
    num_anchors=st.integers(1, 6),
    num_contrast=st.integers(0, 5),
    num_classes=st.sampled_from([2, 3, 40]),
    feat_dim=st.integers(1, 5),
    seed=st.integers(0, 999),
)
usual = st.floats(0.05, 1.0)
extreme = st.floats(-4, 4).map(lambda exponent: 10**exponent)


def value_and_gradients(loss: Loss, case: Case, temperature: float) -> tuple[Tensor, dict[str, Tensor]]:
    """The value, and the gradient of each tensor that takes one."""
    case = {key: tensor.detach().clone().requires_grad_(key in loss.gradients) for key, tensor in case.items()}
    value = loss.call(case, temperature)
    gradients = torch.autograd.grad(value, [case[key] for key in loss.gradients], materialize_grads=True)
    return value.detach(), dict(zip(loss.gradients, gradients, strict=True))


def assert_finite(loss: Loss, case: Case, temperature: float) -> None:
    value, gradients = value_and_gradients(loss, case, temperature)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def assert_same(actual: tuple, expected: tuple) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-8, atol=1e-9)


def permuted(case: Case, group: tuple[str, ...], order: Tensor) -> Case:
    return {key: tensor[order] if key in group else tensor for key, tensor in case.items()}


@all_losses
@given(sizes=sizes, temperature=usual)
@quick
def test_order_of_rows(name, sizes, temperature):
    loss, case = LOSSES[name], draw_case(sizes)
    value, gradients = value_and_gradients(loss, case, temperature)
    for group in loss.groups:
        order = torch.randperm(len(case[group[0]]), generator=torch.Generator().manual_seed(sizes.seed))
        actual = value_and_gradients(loss, permuted(case, group, order), temperature)
        assert_same(actual, (value, permuted(gradients, group, order)))


@pytest.mark.parametrize('name', [name for name, loss in LOSSES.items() if loss.views])
@given(sizes=sizes, temperature=usual)
@quick
def test_views_change_places(name, sizes, temperature):
    loss, case = LOSSES[name], draw_case(sizes)
    first, second = loss.views
    value, gradients = value_and_gradients(loss, case, temperature)
    actual = value_and_gradients(loss, {**case, first: case[second], second: case[first]}, temperature)
    assert_same(actual, (value, {**gradients, first: gradients[second], second: gradients[first]}))


@with_temperature
@given(sizes=sizes, temperature=usual)
@quick
def test_rotation_of_all_embeddings(name, sizes, temperature):
    loss, case = LOSSES[name], draw_case(sizes)
    gaussian = torch.randn(sizes.feat_dim, sizes.feat_dim, generator=torch.Generator().manual_seed(0)).double()
    turn = torch.linalg.qr(gaussian)[0]

    def turned(tensors: Case) -> Case:
        return {key: tensor @ turn if key in loss.embeddings else tensor for key, tensor in tensors.items()}

    value, gradients = value_and_gradients(loss, case, temperature)
    assert_same(value_and_gradients(loss, turned(case), temperature), (value, turned(gradients)))


@with_temperature
@given(sizes=sizes, temperature=usual, exponent=st.floats(-3, 3))
@quick
def test_temperature_is_the_square_of_a_scale(name, sizes, temperature, exponent):
    loss, case, scale = LOSSES[name], draw_case(sizes), 10**exponent
    scaled = {key: tensor * scale if key in loss.embeddings else tensor for key, tensor in case.items()}
    value, _ = value_and_gradients(loss, case, temperature)
    if 'in_batch' in name or name == 'one_view':  # it is multiplied by temperature / base_temperature
        value = value * scale**2
    assert_same(value_and_gradients(loss, scaled, temperature * scale**2)[0], value)


@pytest.mark.parametrize('name', ['logit_adjusted', 'ldam'])
@given(sizes=sizes, shift=st.floats(-1e3, 1e3))
@quick
def test_shift_of_the_logits(name, sizes, shift):
    loss, case = LOSSES[name], draw_case(sizes)
    shifted = {**case, 'logits': case['logits'] + shift * case['view1'][:, :1]}
    assert_same(value_and_gradients(loss, shifted, 1.0), value_and_gradients(loss, case, 1.0))


@all_losses
@given(sizes=sizes, temperature=extreme)
@quick
def test_never_negative(name, sizes, temperature):
    loss = LOSSES[name]
    if loss.is_positive:
        value, _ = value_and_gradients(loss, draw_case(sizes), temperature)
        assert value >= -1e-9 * max(1, 1 / temperature)


@all_losses
@given(sizes=sizes, temperature=st.floats(0.2, 1.0))
@settings(quick, max_examples=8)
def test_gradients_equal_finite_differences(name, sizes, temperature):
    """Those of a temperature that is learned, too."""
    loss, case = LOSSES[name], draw_case(sizes)
    learned = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    leaves = [case[key].requires_grad_() for key in loss.gradients]

    def call(temperature: Tensor, *tensors: Tensor) -> Tensor:
        return loss.call({**case, **dict(zip(loss.gradients, tensors, strict=True))}, temperature)

    assert torch.autograd.gradcheck(call, [learned, *leaves], fast_mode=True)


@all_losses
@given(sizes=sizes, temperature=extreme, norm=st.sampled_from([0.0, 1e-6, 1.0, 1e6]), spread=st.booleans())
@example(sizes=Sizes(num_anchors=1, num_contrast=0), temperature=1e-4, norm=1.0, spread=False)
@quick
def test_extreme_temperatures_and_norms(name, sizes, temperature, norm, spread):
    loss, case = LOSSES[name], cast(draw_case(sizes), torch.float32)
    if not loss.any_norm:
        temperature, norm = max(temperature, 0.01), min(round(norm), 1)
    for key in loss.embeddings:
        case[key] = case[key] * norm
        if spread and len(case[key]):
            case[key][0] /= max(norm, 1e-6)
    assert_finite(loss, case, temperature)


@all_losses
@given(sizes=sizes, temperature=extreme, sign=st.sampled_from([1.0, -1.0]))
@quick
def test_equal_and_opposite_embeddings(name, sizes, temperature, sign):
    loss, case = LOSSES[name], cast(draw_case(sizes), torch.float32)
    row = case['view1'][0] * torch.ones(())
    for key in loss.embeddings:
        case[key] = row.expand_as(case[key]) * (sign if key == loss.embeddings[-1] else 1)
    assert_finite(loss, case, temperature)


LARGEST = {torch.float16: torch.finfo(torch.float16).max, torch.bfloat16: 1e30}


@all_losses
@pytest.mark.parametrize('dtype', LARGEST, ids=str)
@given(sizes=sizes, temperature=st.floats(0.01, 1.0), share=st.floats(-8, 0).map(lambda exponent: 10**exponent))
@quick
def test_half_precision(name, dtype, sizes, temperature, share):
    loss, case = LOSSES[name], draw_case(sizes)
    case['logits'] = case['logits'] / case['logits'].abs().max() * share * LARGEST[dtype]
    assert_finite(loss, cast(case, dtype), temperature)
    value, gradients = value_and_gradients(loss, cast(case, dtype), temperature)
    assert value.dtype == torch.float32
    assert {gradient.dtype for gradient in gradients.values()} == {dtype}


@all_losses
@given(sizes=sizes, temperature=extreme, extra=st.integers(1, 500))
@quick
def test_classes_never_seen(name, sizes, temperature, extra):
    loss, case = LOSSES[name], cast(draw_case(sizes), torch.float32)
    case['class_counts'] = torch.cat([case['class_counts'], torch.zeros(extra, dtype=torch.int64)])
    for key, dim in (('logits', 1), ('prototypes', 0), ('queue', 0)):
        shape = list(case[key].shape)
        shape[dim] = extra
        case[key] = torch.cat([case[key], torch.zeros(shape)], dim)
    assert_finite(loss, case, temperature if loss.any_norm else max(temperature, 0.01))
