"""Fashion-MNIST from the mirrors that torchvision knows."""

import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from .unpacking import SourceError, gunzip, missing_files, write_verified

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
        write_verified(data_root, name, gunzip(name, download(f'{name}.gz', FashionMNIST.mirrors, console)))


def download(file: str, mirrors: list[str], console: Console) -> bytes:
    """Content of ``file`` from the first mirror that answers, with a progress bar."""
    reason = 'there is no mirror'
    for mirror in mirrors:
        try:
            with urllib.request.urlopen(mirror + file, timeout=NETWORK_SECONDS) as response:
                return b''.join(chunks_with_progress(file, response, console))
        except (OSError, HTTPException) as error:
            reason = str(error)
    raise SourceError(f'cannot download {file}: {reason}')


def chunks_with_progress(file: str, response: HTTPResponse, console: Console) -> Iterator[bytes]:
    """Pieces of a response, while a bar shows how far it is."""
    size = response.headers.get('Content-Length')
    columns = TextColumn('{task.description}'), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(file, total=int(size) if size else None)
        while chunk := response.read(1 << 16):
            progress.advance(task, len(chunk))
            yield chunk
