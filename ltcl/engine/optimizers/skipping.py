"""Optimizer steps that are left out because of a number that is not finite."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmengine.optim import OptimWrapper
from torch import Tensor
from torch.optim import Optimizer

IsBadUpdate = Callable[[list[Tensor]], bool]


class SkippingMixin:
    """Leaves out bad updates: weights and optimizer state stay as they were, and the gradients are dropped.

    With gradient accumulation a bad micro-step spoils the gradients of all, so their common update is left out.

    Attributes:
        is_bad_update: Asked right before each update, with the losses that its gradients are of.
        rate_factor: Factor on the learning rate, whatever the schedule sets.
        left_out: Whether the last update was left out.
    """

    is_bad_update: IsBadUpdate
    rate_factor: float = 1.0
    left_out: bool = False
    _losses: tuple[Tensor, ...] = ()

    def update_params(self, loss: Tensor, *args: object, **kwargs: object) -> None:
        """Backward pass, and at the last micro-step the update, unless it is bad."""
        self._losses = (*self._losses, loss.detach())
        super().update_params(loss, *args, **kwargs)

    def step(self, **kwargs: object) -> None:
        """Update the weights, or leave it out."""
        losses, self._losses = self._losses, ()
        self.left_out = self.is_bad_update(list(losses))
        if not self.left_out:
            with scaled_rates(self.optimizer, self.rate_factor):
                super().step(**kwargs)

    def get_lr(self) -> dict[str, list[float]]:
        """The learning rates that are in use, for the log."""
        return {name: [self.rate_factor * rate for rate in rates] for name, rates in super().get_lr().items()}


@contextmanager
def scaled_rates(optimizer: Optimizer, factor: float) -> Iterator[None]:
    """Multiply the learning rates for one step: schedules, some of which go on from the last rate, see their own."""
    if factor == 1:
        yield
        return
    rates = [group['lr'] for group in optimizer.param_groups]
    try:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group['lr'] = factor * rate
        yield
    finally:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group['lr'] = rate


def leave_out_bad_updates(optim_wrapper: OptimWrapper, is_bad_update: IsBadUpdate) -> None:
    """Give an optimizer wrapper of any class the behaviour of :class:`SkippingMixin`."""
    kind = type(optim_wrapper)
    optim_wrapper.__class__ = type(f'Skipping{kind.__name__}', (SkippingMixin, kind), {})
    optim_wrapper.is_bad_update = is_bad_update
