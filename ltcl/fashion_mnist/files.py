"""The four files of Fashion-MNIST: names, checksums, reading, and unpacking of the published archives."""

import gzip
import shlex
import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np

from ..errors import SourceError, UserError
from ..files import write_atomic

# Of the uncompressed content: the same images are published in differently compressed archives.
SHA256 = {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
}
COMMAND = 'ltcl data fashion-mnist --data-root'


def is_intact(name: str, content: bytes) -> bool:
    """Whether ``content`` is that of the published file ``name``."""
    return sha256(content).hexdigest() == SHA256[name]


def read_verified(folder: str | Path, name: str) -> bytes:
    """Content of one of the files, after its checksum was compared (0.03 s for the largest, 47 MB).

    Args:
        folder: The data root.
        name: A key of ``SHA256``.

    Raises:
        UserError: The file is missing or not the published one.
    """
    path, remedy = Path(folder) / name, f'run `{COMMAND} {shlex.quote(str(folder))}`'
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f'cannot read {path} ({error.strerror}): {remedy}') from error
    if not is_intact(name, content):
        raise UserError(f'{path} is corrupt (its SHA-256 is not the published one): {remedy}')
    return content


def parse_idx(content: bytes) -> np.ndarray:
    """Array of unsigned bytes stored as IDX: 2 zero bytes, type, rank, one big-endian int32 per axis, the data.

    Args:
        content: A whole IDX file of unsigned bytes (type code 8).

    Returns:
        Read-only uint8 view of ``content``, in the stored shape.
    """
    assert content[:3] == b'\0\0\x08', 'not an IDX file of unsigned bytes'
    rank = content[3]
    shape = np.frombuffer(content, '>i4', count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


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
