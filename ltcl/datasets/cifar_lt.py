"""Long-tailed CIFAR-10 and CIFAR-100."""

from pathlib import Path

import numpy as np
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.datasets.utils import download_and_extract_archive

from ..registry import DATASETS
from .fetched_files import FetchedFiles
from .long_tail_mixin import LongTailMixin


class _CIFARLT(FetchedFiles, LongTailMixin):
    """What both long-tailed CIFARs add to mmpretrain's: the draw, and one sentence when the files are not there."""

    def load_data_list(self) -> list[dict]:
        """Infos of the split's images.

        Raises:
            UserError: Files are missing or corrupt and cannot be downloaded.
        """
        root = Path(self.data_prefix['root'])
        self.require_files(
            root / self.base_folder, f'get {self.filename} where you have network and unpack it in {root}'
        )
        infos = super().load_data_list()
        kept = self.select(np.array([info['gt_label'] for info in infos]))
        return [infos[i] for i in kept]

    def _download(self) -> None:
        download_and_extract_archive(self.url, self.data_prefix['root'], filename=self.filename, md5=self.tgz_md5)


@DATASETS.register_module()
class CIFAR10LT(_CIFARLT, CIFAR10):
    """CIFAR-10 with a long-tailed training split, images and order as published.

    Imbalance factors 10, 50 and 100 keep 20,431, 13,996 and 12,406 of the 50,000 training images. The layout of the
    folder is mmpretrain's ``CIFAR10``, arguments as in :class:`LongTailMixin` plus ``download``.
    """

    source_counts = {'train': 5000, 'test': 1000}


@DATASETS.register_module()
class CIFAR100LT(_CIFARLT, CIFAR100):
    """CIFAR-100 with a long-tailed training split, images and order as published.

    Imbalance factors 10, 50 and 100 keep 19,573, 12,608 and 10,847 of the 50,000 training images. The layout of the
    folder is mmpretrain's ``CIFAR100``, arguments as in :class:`LongTailMixin` plus ``download``.
    """

    source_counts = {'train': 500, 'test': 100}
