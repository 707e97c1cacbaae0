"""`ltcl cache`: what is kept from one run to the next."""

import os

import numpy as np
import pytest

from ltcl.feature_cache.store import RowStore, digest, features_folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    RowStore(features_folder() / 'encoder').write([digest(b'a')], np.ones((1, 50_000), np.float32))
    (tmp_path / 'ltcl' / 'uniform_targets.npy').write_bytes(b'0' * 1000)
    return tmp_path / 'ltcl'


def test_entries_are_listed_with_their_size(call, folder):
    total, features, targets = call('cache').out.splitlines()
    assert total == f'{folder}: 0.2 MB'
    assert features.split() == ['features', '0.2', 'MB']
    assert targets.split() == ['uniform_targets.npy', '0.0', 'MB']


@pytest.mark.parametrize(('name', 'left'), [('features', ['uniform_targets.npy']), ('all', [])])
def test_an_entry_is_removed(call, folder, name, left):
    assert call('cache', '--clear', name).out == 'removed: 0.2 MB\n'
    assert [path.name for path in folder.iterdir()] == left


def test_an_unknown_entry_is_told(call, folder):
    told = call('cache', '--clear', 'feature').mistake
    assert '--clear feature: there is features, uniform_targets.npy; all removes everything' in told
    assert len(list(folder.iterdir())) == 2


def test_nothing_is_kept(call, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'none'))
    assert call('cache').out == f'{tmp_path}/none/ltcl: 0.0 MB\n'
    assert 'nothing is kept' in call('cache', '--clear', 'features').mistake


@pytest.fixture
def pieces(folder):
    """Three pieces of 0.2 MB, the first of which was used last."""
    store = RowStore(features_folder() / 'other')
    for number, name in enumerate('bc'):
        store.write([digest(name.encode())], np.ones((1, 50_000), np.float32))
        piece = store.folder / f'{digest(digest(name.encode())).hex()}.npz'
        os.utime(piece, (1000 + number, 1000 + number))
    return store


def test_what_was_used_last_is_kept(call, pieces):
    assert call('cache', '--clear', 'features', '--keep', '0.45MB').out == 'removed: 0.2 MB, left: 0.4 MB\n'
    assert pieces.read({digest(b'b'), digest(b'c')}).keys() == {digest(b'c')}
    assert RowStore(features_folder() / 'encoder').read({digest(b'a')})


def test_rows_that_are_read_count_as_used(call, pieces):
    pieces.read({digest(b'b')})
    call('cache', '--clear', 'features', '--keep', '0.45MB')
    assert pieces.read({digest(b'b'), digest(b'c')}).keys() == {digest(b'b')}


def test_keep_is_for_features(call, folder):
    assert '--keep goes with --clear features' in call('cache', '--clear', 'all', '--keep', '5GB').mistake
    done = call('cache', '--clear', 'features', '--keep', '5')
    assert done.status == 2
    assert '5 is no size such as 500MB or 5GB' in done.err
    assert call('cache', '--clear', 'features', '--keep', '5 gb').out == 'removed: 0.0 MB, left: 0.2 MB\n'
