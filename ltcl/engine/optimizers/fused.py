"""PyTorch's fused optimizer where it takes a third of the time."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Other ways to compute a step, of which PyTorch takes one.
WAYS = ('fused', 'foreach', 'differentiable')


def with_fused(optim_wrapper: Any, model: nn.Module) -> Any:
    """The config of an optimizer wrapper, whose SGD on a CPU takes each parameter in one pass.

    The loop over parameters that PyTorch chooses on a CPU reads and writes all weights three times or more. Either way
    the numbers of SGD are the same, but for the last digit of the few at the end of a tensor that fill no whole vector.
    AdamW's differ everywhere in the last digit, so it is left to ``optim_wrapper.optimizer.fused=True``. So is a GPU,
    where PyTorch takes all parameters in few launches by itself.

    Args:
        optim_wrapper: Config of the wrapper; one that names a way is left alone, and so is a wrapper that is built.
        model: The model, on its device.
    """
    optimizer = optim_wrapper.get('optimizer') if isinstance(optim_wrapper, Mapping) else None
    if not isinstance(optimizer, Mapping) or optimizer.get('type') not in ('SGD', torch.optim.SGD):
        return optim_wrapper
    on_cpu = all(parameter.is_cpu and parameter.is_floating_point() for parameter in model.parameters())
    if not on_cpu or any(way in optimizer for way in WAYS):
        return optim_wrapper
    return {**optim_wrapper, 'optimizer': {**optimizer, 'fused': True}}


@torch.no_grad()
def lay_out_state(optimizer: Optimizer) -> None:
    """Lay the state of an optimizer out in memory as its parameters are.

    State that was loaded is laid out as it was saved. A fused optimizer on a CPU goes through the memory of weights and
    state alike, without a look at strides, and would mix up the numbers.

    Args:
        optimizer: Its state is changed in place.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            is_alike = isinstance(value, Tensor) and value.shape == parameter.shape
            if is_alike and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
