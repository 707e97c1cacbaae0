"""Epoch loop whose randomness is a function of seed, process and iteration."""

from mmengine.dist import get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from ltcl.errors import UserError
from ltcl.registry import LOOPS

from ..unwrapped import unwrapped
from .seeded import SeededLoopMixin


@LOOPS.register_module()
class ResumableTrainLoop(SeededLoopMixin, EpochBasedTrainLoop):
    """mmengine's epoch loop, resumable at any iteration, with the same result whatever the number of workers.

    How: :class:`SeededLoopMixin`.

    Args:
        runner: The runner.
        dataloader: Config of the training dataloader, or the dataloader.
        **kwargs: ``max_epochs``, ``val_interval``, ``val_begin``, ``dynamic_intervals`` as in mmengine.

    Raises:
        UserError: There are fewer images than a batch has, so an epoch would be empty; not all processes have as many
            images; or the last batch of an epoch is smaller than the model can be trained on.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, **kwargs: object) -> None:
        super().__init__(runner, dataloader, endless=False, **kwargs)
        if not len(self.dataloader):
            raise UserError(
                f'the {len(self.dataloader.dataset)} training images are less than a batch of '
                f'{self.dataloader.batch_size} on each process: set train_dataloader.batch_size'
            )
        sampler = self.sampler.sampler
        if not getattr(sampler, 'round_up', True) and len(self.dataloader.dataset) % get_world_size():
            raise UserError(
                'train_dataloader.sampler.round_up=False gives some processes fewer images, for which the others would '
                'wait for ever: leave it out'
            )

    def run(self) -> nn.Module:
        """Train what is left, with the validation that a stop has cut off."""
        self._decide_current_val_interval()
        if self.is_done(self._epoch, self._max_epochs, 'epoch'):
            return self.runner.model
        self.check_last_batch()
        self.runner.call_hook('before_train')
        self.validate_if(self.was_cut_off())
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._decide_current_val_interval()
            self.validate_if(self.is_validation_due())
        self.runner.call_hook('after_train')
        return self.runner.model

    def check_last_batch(self) -> None:
        """Ask the model, before an epoch is spent, whether it can be trained on the rest that ends an epoch.

        Raises:
            UserError: It cannot.
        """
        rest = 0 if getattr(self.dataloader.batch_sampler, 'drop_last', True) else len(self.sampler) % self.batch_size
        model = unwrapped(self.runner.model)
        if hasattr(model, 'check_batch'):
            model.check_batch(rest or self.batch_size)

    def is_validation_due(self) -> bool:
        """Whether a validation follows the epoch that was just finished."""
        is_turn = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        return self._epoch >= self.val_begin and is_turn and self._iter == self._epoch * len(self.dataloader)

    def run_epoch(self) -> None:
        """Iterate what is left of one epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        num_done = self._iter - self._epoch * len(self.dataloader)
        self.sampler.epoch = self._epoch
        self.skip(num_done * self.batch_size)
        for batch_idx, data_batch in enumerate(self.dataloader, num_done):
            self.run_iter(batch_idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
