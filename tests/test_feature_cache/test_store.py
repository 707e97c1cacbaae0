"""Rows on the disk: whole pieces, damaged ones, no room."""

import errno
import os
import shutil
from collections import namedtuple

import numpy as np
import pytest

from ltcl.feature_cache import store as module
from ltcl.feature_cache.store import RowStore, digest

KEYS = [digest(bytes([number])) for number in range(6)]
ROWS = np.arange(18, dtype=np.float32).reshape(6, 3)
Usage = namedtuple('Usage', 'total used free')


@pytest.fixture
def told(monkeypatch):
    lines = []
    monkeypatch.setattr(module, 'warn', lines.append)
    return lines


@pytest.fixture
def store(tmp_path):
    made = RowStore(tmp_path / 'rows')
    made.write(KEYS[:4], ROWS[:4])
    made.write(KEYS[4:], ROWS[4:])
    return made


def test_what_was_written_is_read(store, told):
    found = store.read({KEYS[1], KEYS[5], digest(b'other')})
    assert found.keys() == {KEYS[1], KEYS[5]}
    assert np.array_equal(found[KEYS[5]], ROWS[5])
    assert not told


def test_the_same_rows_twice_are_one_file(store):
    store.write(KEYS[4:], ROWS[4:])
    assert len(list(store.folder.iterdir())) == 2


@pytest.mark.parametrize('damage', ['flipped bit', 'cut off', 'empty', 'another file', 'other shapes'])
def test_a_damaged_piece_is_said_once_and_removed(store, told, damage):
    first, second = sorted(store.folder.iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(second.read_bytes())
    if damage == 'other shapes':
        np.savez(second, keys=np.zeros((2, 3), np.uint8), rows=ROWS)
    else:
        content[content.index(ROWS[2].tobytes())] ^= 1
        made = {'flipped bit': content, 'cut off': content[:-40], 'empty': b'', 'another file': b'PK text'}
        second.write_bytes(made[damage])
    assert store.read(set(KEYS)).keys() == set(KEYS[4:])
    assert len(told) == 1
    assert second.name in told[0]
    assert list(store.folder.iterdir()) == [first]
    store.read(set(KEYS))
    assert len(told) == 1


@pytest.mark.parametrize('number', [errno.EIO, errno.ESTALE, errno.EMFILE, errno.EACCES])
def test_a_piece_that_cannot_be_read_now_is_said_and_stays(store, told, monkeypatch, number):
    first, second = sorted(store.folder.iterdir(), key=lambda path: path.stat().st_size)

    def load(path, _load=np.load, **kwargs):
        if path == second:
            raise OSError(number, os.strerror(number), str(path))
        return _load(path, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(np, 'load', load)
        assert store.read(set(KEYS)).keys() == set(KEYS[4:])
        store.write(KEYS[:4], ROWS[:4])
    assert len(told) == 1
    assert f'not readable ({os.strerror(number)}) in the cache of features, so computed anew: {second.name}' in told[0]
    assert {*store.folder.iterdir()} == {first, second}
    assert store.read(set(KEYS)).keys() == set(KEYS)


def test_no_room_is_said_before_the_work(tmp_path, told, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(0, 0, 100 * 2**20))
    store = RowStore(tmp_path / 'rows')
    store.require_space(20 * 2**20)
    assert store.is_writable
    store.require_space(50 * 2**20)
    assert len(told) == 1
    assert 'needs 50 MiB' in told[0]
    assert '100 MiB are free' in told[0]
    store.write(KEYS, ROWS)
    assert not store.folder.exists()


def test_a_place_that_cannot_be_written_costs_a_warning(tmp_path, told):
    (tmp_path / 'file').write_text('')
    store = RowStore(tmp_path / 'file' / 'rows')
    store.write(KEYS[:2], ROWS[:2])
    store.write(KEYS[2:], ROWS[2:])
    assert len(told) == 1
    assert store.read(set(KEYS)) == {}


def test_much_is_said_once(store, told, monkeypatch):
    module.say_if_much(store.folder.parent)
    assert not told
    monkeypatch.setattr(module, 'MUCH', 100)
    for _ in range(2):
        module.say_if_much(store.folder.parent)
    assert len(told) == 1
    assert '`ltcl cache --clear features --keep 5GB` leaves those that were used last' in told[0]


def test_rows_of_other_images_are_not_read(store, told):
    path = max(store.folder.iterdir(), key=lambda each: each.stat().st_size)
    content = bytearray(path.read_bytes())
    content[content.index(ROWS[2].tobytes())] ^= 1
    path.write_bytes(content)
    assert store.read({KEYS[5]}).keys() == {KEYS[5]}
    assert not told
