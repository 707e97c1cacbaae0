"""Fashion-MNIST from the mirrors that torchvision knows."""

import urllib.request
from http.client import HTTPException
from pathlib import Path

from rich.console import Console

from ..errors import SourceError
from ..files import received
from .files import gunzip, missing_files, write_verified

NETWORK_SECONDS = 10


def from_torchvision(data_root: Path, console: Console) -> None:
    """Download from the mirrors that torchvision knows.

    Raises:
        SourceError: No mirror answers, or torchvision is not installed.
    """
    try:
        from torchvision.datasets import FashionMNIST
    except ImportError as error:
        raise SourceError('torchvision is not installed') from error
    for name in missing_files(data_root):
        write_verified(data_root, name, gunzip(name, download(f'{name}.gz', FashionMNIST.mirrors)))


def download(file: str, mirrors: list[str]) -> bytes:
    """Content of ``file`` from the first mirror that answers, with a progress bar."""
    reason = 'there is no mirror'
    for mirror in mirrors:
        try:
            with urllib.request.urlopen(mirror + file, timeout=NETWORK_SECONDS) as response:
                return b''.join(received(response, file))
        except (OSError, HTTPException) as error:
            reason = str(error)
    raise SourceError(f'cannot download {file}: {reason}')
