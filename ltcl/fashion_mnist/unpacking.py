"""From the published archives to the files of the data root, each compared with its checksum."""

import gzip
import zlib
from pathlib import Path

from ..errors import UserError
from ..files import write_atomic
from .files import SHA256, is_intact, read_verified


class SourceError(Exception):
    """Why one source cannot give the files; the next one is tried."""


def missing_files(data_root: Path) -> list[str]:
    """Names of the files that are not in the data root, or not the published ones."""

    def is_missing(name: str) -> bool:
        try:
            read_verified(data_root, name)
        except UserError:
            return True
        return False

    return [name for name in SHA256 if is_missing(name)]


def unpack(folder: Path, data_root: Path, names: list[str]) -> None:
    """Unpack ``names`` from the .gz files of ``folder`` into the data root."""
    for name in names:
        try:
            packed = (folder / f'{name}.gz').read_bytes()
        except OSError as error:
            raise SourceError(f'cannot read {error.filename}') from error
        write_verified(data_root, name, gunzip(name, packed))


def gunzip(name: str, packed: bytes) -> bytes:
    """Content of a .gz file.

    Raises:
        SourceError: It is damaged.
    """
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f'{name}.gz is damaged') from error


def write_verified(data_root: Path, name: str, content: bytes) -> None:
    """Write one file whole or not at all, after its checksum was compared.

    Raises:
        SourceError: The content is not the published one.
    """
    if not is_intact(name, content):
        raise SourceError(f'the content of {name} is not the published one (SHA-256)')
    data_root.mkdir(parents=True, exist_ok=True)
    write_atomic(data_root / name, content)
