"""Recorded cases of our own: what a plain reference gives is written once, and compared ever after.

Both sides are a call that takes the inputs by name and returns a tensor, the loss, or a dict of tensors, in which every
name with ``loss`` is part of it. All is computed in float64. The form of the file: ``tests/golden/README.md``.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np
import torch
from harness import Case, close
from torch import Tensor, nn

Call = Callable[..., Tensor | Mapping[str, Tensor]]


def record(
    path: Path,
    call: Call,
    inputs: Mapping[str, object],
    *,
    leaves: Collection[str],
    module: nn.Module | None = None,
) -> None:
    """Write a case.

    Args:
        path: ``<golden>/<method>/<family>__<case>.npz``.
        call: The reference: another's code, or a loop written from the formula; never the code under test.
        inputs: Tensors, lists of numbers, single numbers and texts, by name.
        leaves: Names of the inputs whose gradient is recorded.
        module: What has the state that the call uses; its parameters and buffers are recorded before and after.
    """
    given = {name: np.asarray(value) for name, value in inputs.items()}
    before = {} if module is None else _state('init', module.double())
    results = _results(call, given, leaves, module)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **given, **{name: np.array(value) for name, value in (before | results).items()})


def replay(case: Case, call: Call, module: nn.Module | None = None) -> None:
    """Compare all that a case holds with what our code gives for its inputs.

    Args:
        case: A case that :func:`record` wrote.
        call: Our code. The names of its arguments tell the inputs; one that the case lacks has its default.
        module: What has the state; it is loaded from the case.
    """
    inputs = {name: case[name] for name in inspect.signature(call).parameters if name in case}
    if module is not None:
        state = {name[5:]: torch.from_numpy(case[name]) for name in case if name.startswith('init/')}
        module.double().load_state_dict(state)
    leaves = [name for name in inputs if f'grad_{name}' in case]
    results = _results(call, inputs, leaves, module)
    recorded = {name for name in case if name not in inputs and not name.startswith('init/')}
    assert results.keys() == recorded
    for name, value in results.items():
        close(value, case[name])


def _results(
    call: Call, inputs: Mapping[str, np.ndarray], leaves: Collection[str], module: nn.Module | None
) -> dict[str, Tensor]:
    """Results, gradients, and the module's state afterwards."""
    arguments = {name: _argument(value, name in leaves) for name, value in inputs.items()}
    returned = call(**arguments)
    results = dict(returned) if isinstance(returned, Mapping) else dict(loss=returned)
    sum(value for name, value in results.items() if 'loss' in name).backward()
    results = {name: value.detach() for name, value in results.items()}
    results |= {f'grad_{name}': arguments[name].grad for name in leaves}
    if module is None:
        return results
    gradients = {f'grad/{name}': value.grad for name, value in module.named_parameters() if value.grad is not None}
    return results | gradients | _state('after', module)


def _argument(value: np.ndarray, is_leaf: bool) -> object:
    """A single number or text as it is, all else as a tensor of its own memory, floating-point numbers in float64."""
    if value.ndim == 0:
        return value.item()
    argument = torch.from_numpy(np.array(value))
    argument = argument.double() if argument.is_floating_point() else argument
    return argument.requires_grad_(is_leaf)


def _state(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {f'{prefix}/{name}': value.detach().clone() for name, value in module.state_dict().items()}
