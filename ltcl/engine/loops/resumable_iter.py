"""Iteration loop whose randomness is a function of seed, process and iteration."""

from mmengine.dist import get_world_size
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from ltcl.errors import UserError
from ltcl.registry import LOOPS

from .seeded import SeededLoopMixin


@LOOPS.register_module()
class ResumableIterTrainLoop(SeededLoopMixin, IterBasedTrainLoop):
    """mmengine's iteration loop, resumable at any iteration, with the same result whatever the number of workers.

    How: :class:`SeededLoopMixin`. Batches go on across the ends of epochs, with any sampler: one that deals an epoch
    (``DefaultSampler``) begins the next by itself, the workers go on, and all batches are full. One whose order
    hangs on the training, a priority sampler with its hook, needs a loop that counts epochs.

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
        self._origin = (0, 0)

    def samples_at(self, iteration: int) -> int:
        """Images that all processes have drawn at an iteration, from the start of the run on."""
        first, samples = self._origin
        return samples + (iteration - first) * self.batch_size * get_world_size()

    def go_on_after(self, samples: int) -> None:
        """Begin after so many images of all processes, at the loop's present iteration."""
        self._origin = self._iter, samples

    def run(self) -> nn.Module:
        """Train what is left, with the validation that a stop has cut off."""
        self._decide_current_val_interval()
        if self.is_done(self._iter, self._max_iters, 'iter'):
            return self.runner.model
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        self.validate_if(self.was_cut_off())
        # Workers start here, so that they load nothing that is skipped.
        self.skip(self.samples_at(self._iter) // get_world_size())
        batches = iter(self.dataloader)
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(batches))
            self._decide_current_val_interval()
            self.validate_if(self.is_validation_due())
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def is_validation_due(self) -> bool:
        """Whether a validation follows the iteration that was just finished."""
        return self._iter >= self.val_begin and (self._iter % self.val_interval == 0 or self._iter == self._max_iters)
