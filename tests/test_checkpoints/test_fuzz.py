"""Damaged checkpoints end in a message or in plain values; run all 10,000 with `pytest -m slow` on this file."""

import resource
import time

import numpy as np
import pytest
import torch
from mutations import mutated, whole_files

from ltcl.checkpoints.reading import load_from_local, read_checkpoint
from ltcl.errors import UserError

PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray),
    *(torch.Tensor, torch.dtype, torch.device, np.ndarray, np.generic, np.dtype),
)
SECONDS = 5  # for a file of a few kB
MEGABYTES = 300


def assert_plain(value):
    if isinstance(value, dict):
        for pair in value.items():
            assert_plain(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            assert_plain(item)
    else:
        assert isinstance(value, PLAIN), type(value)


def read_or_complain(read, path):
    """The value, or the message."""
    try:
        return read(path), ''
    except UserError as error:
        return None, str(error)


def assert_message_or_load(path):
    """Whether it was loaded."""
    for read in (read_checkpoint, load_from_local):
        value, message = read_or_complain(read, path)
        if message:
            assert '\n' not in message
            assert path.name in message
            return False
        assert_plain(value)
    return True


def fuzz(seeds, folder, monkeypatch):
    monkeypatch.chdir(folder)
    files = whole_files()
    path = folder / 'model.pth'
    loaded = {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in seeds:
        what, content = mutated(seed, files)
        path.write_bytes(content)
        start = time.perf_counter()
        try:
            loaded[seed] = assert_message_or_load(path)
        except BaseException as error:
            raise AssertionError(what) from error
        assert time.perf_counter() - start < SECONDS, what
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
        assert grown < MEGABYTES, what
    assert [entry.name for entry in folder.iterdir()] == ['model.pth'], 'no code was run'
    return loaded


@pytest.mark.parametrize('name', whole_files())
def test_whole_files(name, tmp_path):
    path = tmp_path / 'model.pth'
    path.write_bytes(whole_files()[name])
    is_hostile = name.startswith(('reduce', 'build', 'history', 'memo'))
    assert assert_message_or_load(path) != is_hostile


def test_some(tmp_path, monkeypatch):
    loaded = fuzz(range(400), tmp_path, monkeypatch)
    # Damage to a weight is not seen here; damage to the structure is.
    assert 0.03 < sum(loaded.values()) / len(loaded) < 0.7


@pytest.mark.slow
def test_many(tmp_path, monkeypatch):
    fuzz(range(10_000), tmp_path, monkeypatch)
