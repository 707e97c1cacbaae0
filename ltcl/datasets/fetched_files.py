"""What data sets share whose files the library downloads."""

import socket
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mmengine.dist as dist
from mmengine.dataset import BaseDataset

from ..errors import UserError

CONNECT_SECONDS = 15


class FetchedFiles(BaseDataset):
    """One process downloads what is missing, and a failure is one sentence on all of them.

    A data set that derives from it, has an attribute ``download`` and defines :meth:`_download`; a class behind it
    defines ``_check_integrity``.
    """

    _is_intact = False

    def require_files(self, place: Path, remedy: str) -> None:
        """Return when all files are there and intact.

        Args:
            place: What to call missing or corrupt.
            remedy: What the user can do then.

        Raises:
            UserError: Files are missing or corrupt and cannot be downloaded.
        """
        reason = self._fetch() if dist.is_main_process() and not self._check_integrity() else ''
        dist.barrier()
        # On every process, or those that wait would outlive the one that failed.
        if not self._check_integrity():
            raise UserError(f'{place} is missing or corrupt{reason}: {remedy}')

    @abstractmethod
    def _download(self) -> None:
        """Download and unpack the files."""

    def _fetch(self) -> str:
        """Download; why it failed, or an empty string."""
        if not self.download:
            return ' and download is off'
        try:
            with _connect_timeout(CONNECT_SECONDS):
                self._download()
        except (OSError, RuntimeError) as error:
            return f' and cannot be downloaded ({error})'
        return ''

    def _check_integrity(self) -> bool:
        """Whether all files have their checksums; a good answer is kept, since it is asked for again and again."""
        self._is_intact = self._is_intact or super()._check_integrity()
        return self._is_intact


@contextmanager
def _connect_timeout(seconds: float) -> Iterator[None]:
    """Give up on a silent network: mmpretrain's download sets no limit of its own."""
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(previous)
