"""Cosine schedule that is already decayed in its first epoch."""

import math

from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from ltcl.registry import PARAM_SCHEDULERS


def warmup_cosine_factor(epoch: int, warmup_epochs: int, max_epochs: int) -> float:
    """Factor on the base learning rate during an epoch, counted from 0.

    Args:
        epoch: Epoch, from 0.
        warmup_epochs: W. Epoch e < W has the factor (e + 1) / W; 0 has no warm-up.
        max_epochs: E. The cosine would reach 0 in epoch E, which is the first one that is not trained.

    Returns:
        The factor.
    """
    if epoch < warmup_epochs:
        return (epoch + 1) / warmup_epochs
    return (1 + math.cos(math.pi * (epoch - warmup_epochs + 1) / (max_epochs - warmup_epochs + 1))) / 2


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(_ParamScheduler):
    """Linear warm-up and cosine, a closed form of the epoch, as BCL and PaCo publish it.

    With a warm-up, mmengine's ``LinearLR`` and a ``CosineAnnealingLR`` that begins in its last epoch give the same.
    Without one there is no such epoch: mmengine's cosine starts at the base rate, one epoch behind.

    Args:
        optimizer: The optimizer or its wrapper.
        max_epochs: Epochs of the run.
        warmup_epochs: Epochs of warm-up.
        **kwargs: Arguments of mmengine's schedulers, such as ``by_epoch``.
    """

    def __init__(self, optimizer: object, max_epochs: int, warmup_epochs: int = 0, **kwargs: object) -> None:
        self.max_epochs = max_epochs
        self.warmup_epochs = warmup_epochs
        super().__init__(optimizer, param_name='lr', **kwargs)

    def _get_value(self) -> list[float]:
        factor = warmup_cosine_factor(self.last_step, self.warmup_epochs, self.max_epochs)
        return [base_lr * factor for base_lr in self.base_values]
