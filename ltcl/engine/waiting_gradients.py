"""Gradients of the batches since the last optimizer step, where those of several batches are summed for one."""

from collections.abc import Mapping

import torch
from mmengine.dist import all_reduce
from mmengine.runner import Runner
from torch import Tensor

from .unwrapped import unwrapped

KEY = 'gradients'
"""Entry of a checkpoint that was written between two optimizer steps."""


def waiting_gradients(runner: Runner) -> dict[str, Tensor] | None:
    """What waits for the next optimizer step; all processes have to call it.

    Args:
        runner: The runner.

    Returns:
        Gradients by the names of the parameters, on the CPU, the mean over the processes: with what each adds to it,
        their mean is that of the uninterrupted run. None where nothing waits. Empty where each process has a part of
        the weights only, whose gradients are not kept.
    """
    if runner.optim_wrapper.should_update():
        return None
    if getattr(runner.model, 'is_sharded', False):
        return {}
    named = unwrapped(runner.model).named_parameters()
    found = {name: parameter.grad.clone() for name, parameter in named if parameter.grad is not None}
    for gradient in found.values():
        all_reduce(gradient, 'mean')
    return {name: gradient.cpu() for name, gradient in found.items()}


def put_back(runner: Runner, gradients: Mapping[str, Tensor]) -> None:
    """Let the next optimizer step begin with the gradients of a checkpoint.

    Args:
        runner: The runner.
        gradients: From :func:`waiting_gradients`.
    """
    for name, parameter in unwrapped(runner.model).named_parameters():
        if name in gradients:
            parameter.grad = torch.empty_like(parameter).copy_(gradients[name])
