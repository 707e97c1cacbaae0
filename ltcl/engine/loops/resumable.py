"""Epoch loop whose randomness is a function of seed, process and iteration."""

import numpy as np
from mmengine.dist import get_rank
from mmengine.registry import DATASETS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ltcl.datasets.samplers import SeededDataset, SeededSampler, seed_generators
from ltcl.registry import LOOPS


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop, resumable at any iteration, with the same result whatever the number of workers.

    Nothing random carries over from one iteration to the next: each sample is augmented with a seed drawn for its epoch
    and position, and the generators are seeded anew before each step. A run resumed in mid-epoch therefore sees what
    the uninterrupted one would have seen, with no generator state in the checkpoint. Without this, mmengine's workers
    also repeat the same augmentations in every epoch unless they are persistent.

    Args:
        runner: The runner.
        dataloader: Config of the training dataloader, or the dataloader.
        **kwargs: ``max_epochs``, ``val_interval``, ``val_begin``, ``dynamic_intervals`` as in mmengine.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, **kwargs: object) -> None:
        if isinstance(dataloader, dict):
            dataset = dataloader['dataset']
            dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
            dataloader = {**dataloader, 'dataset': SeededDataset(dataset)}
        super().__init__(runner, dataloader, **kwargs)
        self.seed = runner.seed
        batch_sampler = self.dataloader.batch_sampler
        self.sampler = SeededSampler(batch_sampler.sampler, self.seed)
        batch_sampler.sampler = self.sampler

    def run_epoch(self) -> None:
        """Iterate what is left of one epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        num_done = self._iter - self._epoch * len(self.dataloader)
        self.sampler.epoch = self._epoch
        self.sampler.num_skipped = num_done * self.dataloader.batch_sampler.batch_size
        for batch_idx, data_batch in enumerate(self.dataloader, num_done):
            self.run_iter(batch_idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Seed the generators for this process and iteration, then train on one batch."""
        seed_generators(int(np.random.SeedSequence((self.seed, self._iter, get_rank())).generate_state(1)[0]))
        super().run_iter(idx, data_batch)
