"""What the resumable loops share: randomness that is a function of seed, process and position in the run."""

import numpy as np
from mmengine.dist import get_rank
from mmengine.registry import DATASETS
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import DataLoader

from ltcl.checkpoints.run_state import VALIDATED_KEY
from ltcl.datasets.samplers import SeededDataset, SeededSampler, seed_generators


class SeededLoopMixin(BaseLoop):
    """Seeds each sample and each step of a training loop; put it before the loop among the bases.

    Nothing random carries over from one iteration to the next: each sample is augmented with a seed drawn for its epoch
    and position, and the generators are seeded anew before each step. A run that is resumed anywhere therefore sees
    what the uninterrupted one would have seen, with no generator state in the checkpoint, whatever the number of
    workers. Without this, mmengine's workers also repeat the same augmentations in every epoch unless they are
    persistent.

    Args:
        runner: The runner.
        dataloader: Config of the training dataloader, or the dataloader.
        endless: Whether the sampler's epochs follow each other without the loop's doing.
        **kwargs: Arguments of the loop.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, *, endless: bool, **kwargs: object) -> None:
        if isinstance(dataloader, dict):
            dataset = dataloader['dataset']
            dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
            dataloader = {**dataloader, 'dataset': SeededDataset(dataset)}
        super().__init__(runner, dataloader, **kwargs)
        self.seed = runner.seed
        batch_sampler = self.dataloader.batch_sampler
        self.sampler = SeededSampler(batch_sampler.sampler, self.seed, endless)
        batch_sampler.sampler = self.sampler

    def run_iter(self, *args: object) -> None:
        """Seed the generators for this process and iteration, then train on one batch."""
        seed_generators(int(np.random.SeedSequence((self.seed, self._iter, get_rank())).generate_state(1)[0]))
        super().run_iter(*args)

    @property
    def batch_size(self) -> int:
        """Images of a batch of one process."""
        return self.dataloader.batch_sampler.batch_size

    def skip(self, samples: int) -> None:
        """Have the next iterator over the dataloader begin after so many images of this process."""
        self.sampler.num_skipped = samples

    def set_seed(self, seed: int) -> None:
        """Take the seed of the run that is resumed, for the order of the images as well."""
        self.seed = self.sampler.seed = seed
        if hasattr(self.sampler.sampler, 'seed'):
            self.sampler.sampler.seed = seed

    def is_done(self, reached: int, end: int, unit: str) -> bool:
        """Whether a resumed run has nothing left to do; the log then says so."""
        if reached < end or not self._iter or self.was_cut_off():
            return False
        self.runner.logger.warning(
            f'Nothing is left to do: {unit} {reached} is reached and the config ends at {unit} {end}. Raise '
            f'max_{unit}s to train on'
        )
        return True

    def was_cut_off(self) -> bool:
        """Whether the run that is resumed was stopped between its last iteration and the validation that follows it."""
        validated = self.runner.message_hub.runtime_info.get(VALIDATED_KEY)
        return validated is not None and validated < self._iter and self.is_validation_due()

    def validate_if(self, is_due: bool) -> None:
        """Validate, if the run has a validation and it is due."""
        if is_due and self.runner.val_loop is not None:
            self.runner.val_loop.run()
