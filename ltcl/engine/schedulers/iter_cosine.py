"""Cosine schedule by iteration, of the fine-tuning of vision transformers."""

import math

from ltcl.registry import PARAM_SCHEDULERS

from .by_iteration import ByIterationLR


@PARAM_SCHEDULERS.register_module()
class IterCosineLR(ByIterationLR):
    """Linear warm-up from 0, then a cosine down to a minimum, both by the fraction of an epoch.

    As `MAE <https://arxiv.org/abs/2111.06377>`_ fine-tunes, and GPaCo with it. At the fractional epoch e, with W epochs
    of warm-up out of E, the rate is ``base * e / W``, then
    ``min + (base - min) * (1 + cos(pi * (e - W) / (E - W))) / 2``. The minimum is a factor on each group's base rate,
    so layer-wise rates keep their proportions.

    Differs from the original: batches left over at the end of an epoch, too few for a whole window, are accumulated
    with the first of the next epoch, as mmengine does it; the original drops them.

    Args:
        optimizer: The optimizer or its wrapper.
        max_epochs: E.
        epoch_length: As in :class:`ByIterationLR`.
        warmup_epochs: W.
        min_factor: The minimum, as a factor on the base rate.
        interval: The rate changes every so many iterations of an epoch: the number of batches whose gradients are
            accumulated, so that all of them meet the rate of the first, as published.
        **kwargs: Arguments of mmengine's schedulers.
    """

    def __init__(
        self,
        optimizer: object,
        max_epochs: int,
        epoch_length: int,
        warmup_epochs: int = 5,
        min_factor: float = 0.0,
        interval: int = 1,
        **kwargs: object,
    ) -> None:
        self.interval = interval
        super().__init__(optimizer, max_epochs, epoch_length, warmup_epochs, min_factor, **kwargs)

    def _factor(self) -> float:
        epoch, iteration = divmod(self.last_step, self.epoch_length)
        position = epoch + iteration // self.interval * self.interval / self.epoch_length
        if self.warmup_epochs and position <= self.warmup_epochs:  # its end is all that is left where W is E
            return position / self.warmup_epochs
        done = (position - self.warmup_epochs) / (self.max_epochs - self.warmup_epochs)
        return self.min_factor + (1 - self.min_factor) * (1 + math.cos(math.pi * done)) / 2

    def _get_value(self) -> list[float]:
        factor = self._factor()
        return [base_lr * factor for base_lr in self.base_values]
