"""What the resumable loops share: randomness that is a function of seed, process and position in the run."""

import numpy as np
from mmengine.dist import get_rank
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ltcl.datasets.samplers import SeededDataset, SeededSampler, seed_generators


class SeededLoopMixin:
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

    def _skip_iters(self, num_iters: int) -> None:
        """Have the next iterator over the dataloader begin after so many batches."""
        self.sampler.num_skipped = num_iters * self.dataloader.batch_sampler.batch_size
