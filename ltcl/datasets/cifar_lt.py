"""Long-tailed CIFAR-10 and CIFAR-100."""

import socket
from contextlib import contextmanager
from pathlib import Path

import mmengine.dist as dist
import numpy as np
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.datasets.utils import download_and_extract_archive

from ..errors import UserError
from ..registry import DATASETS
from .long_tail_mixin import LongTailMixin

CONNECT_SECONDS = 15


class _CIFARLT(LongTailMixin):
    """What both long-tailed CIFARs add to mmpretrain's: the draw, and one sentence when the files are not there."""

    _is_intact = False

    def load_data_list(self) -> list[dict]:
        """Infos of the split's images.

        Raises:
            UserError: Files are missing or corrupt and cannot be downloaded.
        """
        reason = self._fetch() if dist.is_main_process() and not self._check_integrity() else ''
        dist.barrier()
        # On every process, or those that wait would outlive the one that failed.
        if not self._check_integrity():
            root = Path(self.data_prefix['root'])
            raise UserError(
                f'{root / self.base_folder} is missing or corrupt{reason}: '
                f'get {self.filename} where you have network and unpack it in {root}'
            )
        infos = super().load_data_list()
        kept = self.select(np.array([info['gt_label'] for info in infos]))
        return [infos[i] for i in kept]

    def _fetch(self) -> str:
        """Download and unpack the archive; why it failed, or an empty string."""
        if not self.download:
            return ' and download is off'
        try:
            with _connect_timeout(CONNECT_SECONDS):
                download_and_extract_archive(
                    self.url, self.data_prefix['root'], filename=self.filename, md5=self.tgz_md5
                )
        except (OSError, RuntimeError) as error:
            return f' and cannot be downloaded ({error})'
        return ''

    def _check_integrity(self) -> bool:
        """Whether all files have their checksums; a good answer is kept, since mmpretrain asks again and again."""
        self._is_intact = self._is_intact or super()._check_integrity()
        return self._is_intact


@contextmanager
def _connect_timeout(seconds: float):
    """Give up on a silent network: mmpretrain's download sets no limit of its own."""
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(previous)


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
