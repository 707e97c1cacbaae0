"""Fashion-MNIST files of the real sizes and layout, in which every image carries its own index."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ltcl.fashion_mnist import files


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, '>i4').tobytes()
    return header + array.tobytes()


def make_contents() -> dict[str, bytes]:
    """Content of each file."""
    contents = {}
    for prefix, size in (('train', 60000), ('t10k', 10000)):
        labels = np.random.RandomState(size).permutation(np.repeat(np.arange(10, dtype=np.uint8), size // 10))
        images = np.zeros((size, 28, 28), np.uint8)
        images[:, 0, :4] = np.arange(size, dtype='<u4').view(np.uint8).reshape(size, 4)
        contents[f'{prefix}-images-idx3-ubyte'] = idx_bytes(images)
        contents[f'{prefix}-labels-idx1-ubyte'] = idx_bytes(labels)
    return contents


def write_contents(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write the files; their checksums."""
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


@pytest.fixture(scope='session')
def fashion_mnist_contents() -> dict[str, bytes]:
    return make_contents()


@pytest.fixture(scope='session')
def written_fashion_mnist(fashion_mnist_contents, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('fashion_mnist')
    write_contents(folder, fashion_mnist_contents)
    return folder


@pytest.fixture
def synthetic_checksums(fashion_mnist_contents, monkeypatch) -> None:
    for name, content in fashion_mnist_contents.items():
        monkeypatch.setitem(files.SHA256, name, hashlib.sha256(content).hexdigest())


@pytest.fixture
def fashion_mnist_root(written_fashion_mnist, synthetic_checksums) -> Path:
    return written_fashion_mnist
