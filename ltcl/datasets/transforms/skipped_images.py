"""Counts and names of images that all workers of a data loader share."""

import zlib

import torch
from torch.utils.data import get_worker_info

MAX_WORKERS = 1024
NUM_FLAGS = 2**18
MAX_WARNINGS = 50


class SeenFiles:
    """Which files were met before, in shared memory: all workers of the data loader, forked or spawned, write to it."""

    def __init__(self) -> None:
        self.is_known = torch.zeros(NUM_FLAGS, dtype=torch.bool).share_memory_()

    def __deepcopy__(self, memo: dict) -> 'SeenFiles':
        """Itself: MMEngine copies data sets, and what is written to an unshared copy of the memory is lost."""
        return self

    def add(self, path: str) -> bool:
        """Take note of a file.

        Args:
            path: Of the file.

        Returns:
            Whether to warn of it: the first time that any worker meets it, for a limited number of files.
        """
        flag = zlib.crc32(path.encode(errors='surrogateescape')) % NUM_FLAGS
        is_new = not self.is_known[flag] and int(self.is_known.sum()) < MAX_WARNINGS
        self.is_known[flag] = True
        return bool(is_new)


class SkippedImages(SeenFiles):
    """Number of skipped images in shared memory.

    Each worker has a place of its own, so none is counted over another's count.

    Attributes:
        in_a_row: Images that this process skipped since the last one that it could read.
        broken: Files that were found to be unreadable before the training; class counts leave them out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts = torch.zeros(1 + MAX_WORKERS, dtype=torch.int64).share_memory_()
        self.in_a_row = 0
        self.broken: frozenset[str] = frozenset()

    def add(self, path: str) -> bool:
        """Count an image; as :meth:`SeenFiles.add`."""
        worker = get_worker_info()
        self.counts[0 if worker is None else 1 + worker.id] += 1
        self.in_a_row += 1
        return super().add(path)

    @property
    def total(self) -> int:
        """Images skipped so far, by all workers."""
        return int(self.counts.sum())
