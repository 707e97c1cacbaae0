"""What the tests of several losses check alike: a loss against itself in other precisions."""

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor

from ltcl.functional import tiles

Result = tuple[Tensor, dict[str, Tensor]]


def value_and_gradients(loss: Callable[..., Tensor], case: dict, leaves: Iterable[str], **kwargs: object) -> Result:
    """Value, and gradient of each leaf, of a loss; a leaf that the loss does not touch has a gradient of 0."""
    leaves = tuple(leaves)
    case = {name: value.clone().requires_grad_(name in leaves) for name, value in case.items()}
    value = loss(**case, **kwargs)
    gradients = torch.autograd.grad(value, [case[name] for name in leaves], materialize_grads=True)
    return value.detach(), dict(zip(leaves, gradients, strict=True))


def check_equal(actual: object, expected: object, **tolerance: float) -> None:
    """Equal up to the rounding of float64, or to the tolerance that is given."""
    torch.testing.assert_close(actual, expected, **(tolerance or dict(rtol=1e-10, atol=1e-12)))


def set_tiles(monkeypatch: pytest.MonkeyPatch, num_elements: int, least_rows: int = 1) -> None:
    """Tiles of so few elements on a CPU, of a single row if need be."""
    monkeypatch.setattr(tiles, 'CPU_TILE', num_elements)
    monkeypatch.setattr(tiles, 'LEAST_ROWS', least_rows)


def cast(case: dict, dtype: torch.dtype) -> dict:
    """The case with its floating-point tensors in another precision."""
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in case.items()}


def check_float32(run: Callable[[dict], Result], case: dict) -> None:
    """float32 comes close to float64, in which the case is."""
    value, gradients = run(case)
    narrow_value, narrow_gradients = run(cast(case, torch.float32))
    assert narrow_value.dtype == torch.float32
    assert narrow_value.item() == pytest.approx(value.item(), rel=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(narrow_gradients[name].double(), gradient, rtol=1e-4, atol=1e-6)


def check_half_precision(run: Callable[[dict], Result], case: dict, dtype: torch.dtype) -> None:
    """Inputs of half precision are widened to float32; their gradients are finite and in their own precision."""
    half = cast(case, dtype)
    value, gradients = run(half)
    assert value.dtype == torch.float32
    assert value == run(cast(half, torch.float32))[0]
    for gradient in gradients.values():
        assert gradient.dtype == dtype
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


def under_autocast(function: Callable) -> Callable:
    """The function, called under bfloat16 autocast."""

    def wrapped(*args: object, **kwargs: object) -> object:
        with torch.autocast('cpu', dtype=torch.bfloat16):
            return function(*args, **kwargs)

    return wrapped
