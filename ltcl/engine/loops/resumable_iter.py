"""Iteration loop whose randomness is a function of seed, process and iteration."""

from collections.abc import Iterator

from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ltcl.errors import UserError
from ltcl.registry import LOOPS

from .seeded import SeededLoopMixin


@LOOPS.register_module()
class ResumableIterTrainLoop(SeededLoopMixin, IterBasedTrainLoop):
    """mmengine's iteration loop, resumable at any iteration, with the same result whatever the number of workers.

    How: :class:`SeededLoopMixin`. Batches go on across the ends of epochs, with any sampler: one that deals an epoch
    (``DefaultSampler``) begins the next by itself, the workers go on, and all batches are full.

    Args:
        runner: The runner.
        dataloader: Config of the training dataloader, or the dataloader.
        **kwargs: ``max_iters``, ``val_interval``, ``val_begin``, ``dynamic_intervals`` as in mmengine.

    Raises:
        UserError: There is no training image.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, **kwargs: object) -> None:
        super().__init__(runner, dataloader, endless=True, **kwargs)
        if not len(self.dataloader.dataset):
            raise UserError(
                'the training set has no image: check data_root and data_prefix of train_dataloader.dataset'
            )
        self.dataloader_iterator = Batches(self)


class Batches(Iterator):
    """The batches of a loop from its current iteration on; takes the place of mmengine's own, which skips by loading.

    Args:
        loop: The loop.
    """

    def __init__(self, loop: ResumableIterTrainLoop) -> None:
        self.loop = loop
        self._batches: Iterator | None = None

    def skip_iter(self, num_iters: int) -> None:
        """Begin after so many batches. mmengine calls this when a run is resumed."""
        self.loop._skip_iters(num_iters)

    def __next__(self) -> dict:
        """The next batch. Workers start here, so that they load nothing that is skipped."""
        if self._batches is None:
            self._batches = iter(self.loop.dataloader)
        return next(self._batches)
