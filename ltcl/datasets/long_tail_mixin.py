"""What turns a balanced mmpretrain data set into a long-tailed one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from ..value_ranges import check_choice
from .long_tail import sample_held_out, sample_long_tail

SPLITS = ('train', 'val', 'test')


class LongTailMixin(BaseDataset):
    """Long-tailed training split, balanced held-out split, whole test split of a balanced data set.

    It stands before a data set of mmpretrain with ``data_root`` and ``split``, whose :meth:`load_data_list` calls
    :meth:`select` on all labels of the file and keeps the images it names.

    Args:
        data_root: Folder of the data set.
        split: 'train' (long-tailed), 'val' (balanced; images of the training file that 'train' does not use, for
            tuning) or 'test' (the whole test file).
        imbalance_factor: Largest over smallest class, at least 1.
        profile: 'exponential' or 'step'.
        num_max: Training images of the largest class, by default all of it.
        num_val: Images per class of the split 'val'.
        selection_seed: Of the draw; 0 is the published one.
        test_mode: As in mmengine's ``BaseDataset`` (a broken image is an error), by default in 'val' and 'test'. It
            does not choose the file: ``split`` does.
        **kwargs: Passed on to the data set: ``pipeline``, ``metainfo``, ``data_prefix``, ``lazy_init``, ...

    Raises:
        UserError: An unknown split, a number out of range, or too few images in a class.
    """

    # Images per class in the files, by split of the file: one number, or one for each of the labels that select gets.
    source_counts: Mapping[str, int | list[int]] = {'train': 0, 'test': 0}

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        *,
        imbalance_factor: float = 100,
        profile: str = 'exponential',
        num_max: int | None = None,
        num_val: int = 100,
        selection_seed: int = 0,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        check_choice('split', split, SPLITS)
        self.part = split
        self.draw: Any = dict(imbalance_factor=imbalance_factor, profile=profile, num_max=num_max, seed=selection_seed)
        self.draw['num_classes'] = len(self.METAINFO['classes'])
        self.num_val = num_val
        # The base classes know two splits, and some of them choose the file by test_mode.
        file_split = 'test' if split == 'test' else 'train'
        super().__init__(data_root=data_root, split=file_split, test_mode=split == 'test', **kwargs)
        self.test_mode = split != 'train' if test_mode is None else test_mode

    def select(self, labels: np.ndarray) -> np.ndarray:
        """Indices of the images of this split among all images of its file.

        Args:
            labels: Class of each image of the file, integers, shape (N,).

        Returns:
            Indices, int64; for 'train' and 'val' grouped by class, for 'test' all in the order of the file.
        """
        num_classes, published = self.draw['num_classes'], self.source_counts[self.split]
        source = np.bincount(labels, minlength=num_classes)
        assert np.array_equal(source, np.broadcast_to(published, num_classes)), (
            f'{type(self).__name__} has {source.tolist()} images per class in its {self.split} file, not {published}'
        )
        if self.part == 'test':
            return np.arange(len(labels))
        if self.part == 'val':
            return sample_held_out(labels, self.num_val, **self.draw)
        return sample_long_tail(labels, **self.draw)
