"""Long-tailed SVHN."""

from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import BaseDataset
from mmpretrain.datasets.utils import check_integrity, download_url
from torchvision.datasets import SVHN

from ..registry import DATASETS
from .fetched_files import FetchedFiles
from .long_tail_mixin import LongTailMixin


class _SVHN(BaseDataset):
    """What :class:`LongTailMixin` stands before: SVHN with ``split`` and ``download``."""

    METAINFO = {'classes': tuple('0123456789')}

    def __init__(self, data_root: str, split: str = 'train', download: bool = True, **kwargs: Any) -> None:
        self.split = split
        self.download = download
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def _check_integrity(self) -> bool:
        _, name, checksum = SVHN.split_list[self.split]
        return check_integrity(Path(self.data_root, name), checksum)


@DATASETS.register_module()
class SVHNLT(FetchedFiles, LongTailMixin, _SVHN):
    """SVHN with a long-tailed training split: 32x32 digits in colour, 10 classes, 26,032 test images.

    From `Street View House Numbers <http://ufldl.stanford.edu/housenumbers/>`_, drawn like CIFAR-LT with the digits in
    the order 1, 2, ..., 9, 0 as `TSC <https://arxiv.org/abs/2111.13998>`_ has it, so 0 is the rarest. Imbalance
    factors 10, 50 and 100 keep 4,084, 2,795 and 2,478 of the 73,257 training images, 1,000 of the digit 1. The test
    split is whole; it is not balanced. torchvision reads the two files::

        data/svhn
        ├── train_32x32.mat
        └── test_32x32.mat

    A data info holds ``img``, uint8 of shape (32, 32, 3) in RGB order, and ``gt_label``, the digit.

    Args:
        data_root: Folder of the files.
        split: 'train', 'val' or 'test'.
        num_max: Training images of the digit 1.
        **kwargs: As for :class:`LongTailMixin`, and ``download``: get a file that is not there.

    Raises:
        UserError: A file is missing or corrupt and cannot be downloaded; otherwise as :class:`LongTailMixin`.
    """

    # Of the digits 1, 2, ..., 9, 0.
    source_counts = {
        'train': [13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659, 4948],
        'test': [5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595, 1744],
    }

    def __init__(self, data_root: str, split: str = 'train', *, num_max: int | None = 1000, **kwargs: Any) -> None:
        super().__init__(data_root, split, num_max=num_max, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Infos of the split's images, those of the training split from digit 1 to digit 0."""
        url, name, _ = SVHN.split_list[self.split]
        self.require_files(
            Path(self.data_root, name), f'get {url} where you have network and put it in {self.data_root}'
        )
        source = SVHN(self.data_root, self.split)
        kept = self.select(source.labels)
        images = source.data.transpose(0, 2, 3, 1)
        return [
            {'img': img, 'gt_label': label}
            for img, label in zip(images[kept], source.labels[kept].tolist(), strict=True)
        ]

    def select(self, labels: np.ndarray) -> np.ndarray:
        """Indices of the images of this split, as :meth:`LongTailMixin.select`; digit 1 is the largest class.

        Args:
            labels: Digit of each image of the file, shape (N,).
        """
        return super().select((np.asarray(labels) - 1) % len(self.METAINFO['classes']))

    def _download(self) -> None:
        url, name, checksum = SVHN.split_list[self.split]
        download_url(url, self.data_root, name, checksum)
