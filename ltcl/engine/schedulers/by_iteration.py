"""What the schedules share that are written in epochs and change with every iteration."""

from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF, _ParamScheduler


class ByIterationLR(_ParamScheduler):
    """A learning rate that is a closed form of the iteration; a subclass gives it in ``_get_value``.

    Args:
        optimizer: The optimizer or its wrapper.
        max_epochs: Epochs of the run.
        epoch_length: Iterations of an epoch. In a config, ``convert_to_iter_based=True`` has the runner fill it in.
        warmup_epochs: Epochs of warm-up.
        min_factor: The smallest rate after the warm-up, as a factor on the base rate.
        **kwargs: Arguments of mmengine's schedulers.
    """

    def __init__(
        self,
        optimizer: object,
        max_epochs: int,
        epoch_length: int,
        warmup_epochs: int,
        min_factor: float,
        **kwargs: Any,
    ) -> None:
        self.max_epochs = max_epochs
        self.epoch_length = epoch_length
        self.warmup_epochs = warmup_epochs
        self.min_factor = min_factor
        super().__init__(optimizer, param_name='lr', by_epoch=False, **kwargs)

    @classmethod
    def build_iter_from_epoch(
        cls,
        *args: Any,
        epoch_length: int,
        begin: int = 0,
        end: int = INF,
        by_epoch: bool = True,
        **kwargs: Any,
    ) -> 'ByIterationLR':
        """The scheduler for an epoch of this length; ``begin`` and ``end`` are epochs."""
        assert by_epoch
        end = end if end == INF else end * epoch_length
        kwargs.update(epoch_length=epoch_length, begin=begin * epoch_length, end=end)
        return cls(*args, **kwargs)
