"""Optimizer steps that are left out because of a number that is not finite."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmengine.optim import OptimWrapper
from torch import Tensor
from torch.optim import Optimizer


class UpdateGuard:
    """Leaves out the bad updates of an optimizer wrapper: weights and optimizer state stay as they were.

    The gradients are dropped. With gradient accumulation a bad micro-step spoils the sum of all, so their common update
    is left out.

    Args:
        optim_wrapper: Of any class. Schedules have replaced its ``step`` by one that counts, so it is the instance's
            methods that are wrapped.
        is_bad_update: Asked right before each update, with the losses that its gradients are of.
        rate_factor: Factor on the learning rate, whatever the schedule sets.

    Attributes:
        left_out: Whether the last update was left out.
    """

    def __init__(
        self, optim_wrapper: OptimWrapper, is_bad_update: Callable[[list[Tensor]], bool], rate_factor: float = 1.0
    ) -> None:
        self.rate_factor = rate_factor
        self.left_out = False
        losses: list[Tensor] = []
        update_params, step, get_lr = optim_wrapper.update_params, optim_wrapper.step, optim_wrapper.get_lr

        @functools.wraps(update_params)
        def guarded_update_params(loss: Tensor, *args: object, **kwargs: object) -> None:
            losses.append(loss.detach())
            update_params(loss, *args, **kwargs)

        @functools.wraps(step)
        def guarded_step(**kwargs: object) -> None:
            self.left_out = is_bad_update(losses)
            losses.clear()
            if not self.left_out:
                with scaled_rates(optim_wrapper.optimizer, self.rate_factor):
                    step(**kwargs)

        @functools.wraps(get_lr)
        def rates_in_use() -> dict[str, list[float]]:
            return {name: [self.rate_factor * rate for rate in rates] for name, rates in get_lr().items()}

        optim_wrapper.update_params, optim_wrapper.step = guarded_update_params, guarded_step
        optim_wrapper.get_lr = rates_in_use


@contextmanager
def scaled_rates(optimizer: Optimizer, factor: float) -> Iterator[None]:
    """Multiply the learning rates for one step: schedules, some of which go on from the last rate, see their own."""
    rates = [group['lr'] for group in optimizer.param_groups]
    try:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group['lr'] = factor * rate
        yield
    finally:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group['lr'] = rate
