"""Cosine schedule by epoch with a warm-up by iteration, of the contrastive recipes on CIFAR."""

import math

from ltcl.registry import PARAM_SCHEDULERS

from .by_iteration import ByIterationLR


@PARAM_SCHEDULERS.register_module()
class IterWarmupCosineLR(ByIterationLR):
    """Linear warm-up by iteration to the value that a cosine by epoch has in the warm-up's last epoch.

    As published by SupCon and, for CIFAR, by TSC. In epoch e, from 1, the cosine has the value
    ``min + (base - min) * (1 + cos(pi * e / max_epochs)) / 2``, so the last epoch is at the minimum and the first one
    is already decayed. A closed form of the iteration.

    Args:
        optimizer: The optimizer or its wrapper.
        max_epochs: Epochs of the run.
        epoch_length: As in :class:`ByIterationLR`.
        warmup_epochs: Epochs of warm-up.
        warmup_lr: Learning rate of the first iteration.
        min_factor: The minimum, as a factor on the base rate.
        **kwargs: Arguments of mmengine's schedulers.
    """

    def __init__(
        self,
        optimizer: object,
        max_epochs: int,
        epoch_length: int,
        warmup_epochs: int = 10,
        warmup_lr: float = 0.01,
        min_factor: float = 1e-3,
        **kwargs: object,
    ) -> None:
        self.warmup_lr = warmup_lr
        super().__init__(optimizer, max_epochs, epoch_length, warmup_epochs, min_factor, **kwargs)

    def _cosine(self, base: float, epoch: int) -> float:
        decayed = (1 + math.cos(math.pi * epoch / self.max_epochs)) / 2
        return base * (self.min_factor + (1 - self.min_factor) * decayed)

    def _get_value(self) -> list[float]:
        warmup_iters = self.warmup_epochs * self.epoch_length
        if self.last_step < warmup_iters:
            done = self.last_step / warmup_iters
            ends = [self._cosine(base, self.warmup_epochs) for base in self.base_values]
            return [self.warmup_lr + (end - self.warmup_lr) * done for end in ends]
        return [self._cosine(base, self.last_step // self.epoch_length + 1) for base in self.base_values]
