"""A count of broken images that all workers of a data loader share."""

import zlib

import torch
from torch.utils.data import get_worker_info

MAX_WORKERS = 1024
NUM_FLAGS = 2**18
MAX_WARNINGS = 50


class SkippedImages:
    """Number of skipped images in shared memory; forked and spawned workers of the data loader write to the same.

    Each worker has a place of its own, so none is counted over another's count.
    """

    def __init__(self) -> None:
        self.counts = torch.zeros(1 + MAX_WORKERS, dtype=torch.int64).share_memory_()
        self.is_known = torch.zeros(NUM_FLAGS, dtype=torch.bool).share_memory_()

    def add(self, path: str) -> bool:
        """Count an image.

        Args:
            path: Its file.

        Returns:
            Whether to warn of it: the first time that any worker meets it, for a limited number of files.
        """
        worker = get_worker_info()
        self.counts[0 if worker is None else 1 + worker.id] += 1
        flag = zlib.crc32(path.encode('utf-8', 'surrogateescape')) % NUM_FLAGS
        is_new = not self.is_known[flag] and int(self.is_known.sum()) < MAX_WARNINGS
        self.is_known[flag] = True
        return bool(is_new)

    @property
    def total(self) -> int:
        """Images skipped so far, by all workers."""
        return int(self.counts.sum())
