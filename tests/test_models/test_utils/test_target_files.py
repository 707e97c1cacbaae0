"""Targets on disk: what is read is checked, and the cache never stands in the way."""

import os

import numpy as np
import pytest
import torch

from ltcl.errors import UserError
from ltcl.models.utils import cached_uniform_targets, load_targets, save_targets, target_files, uniform_targets


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'ltcl'


@pytest.fixture
def searches(monkeypatch):
    """Sizes and seeds of the searches so far."""
    calls = []

    def counted(*args):
        calls.append(args)
        return uniform_targets(*args)

    monkeypatch.setattr(target_files, 'uniform_targets', counted)
    return calls


@pytest.mark.parametrize('name', ['targets.npy', 'new/folder/targets.pt'])
def test_what_is_saved_is_loaded(tmp_path, name):
    targets = uniform_targets(4, 6)
    save_targets(tmp_path / name, targets)
    loaded = load_targets(tmp_path / name, 4, 6)
    assert loaded.dtype == torch.float32
    assert torch.equal(loaded, targets)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [(tmp_path / name).name]


def test_float64_files_are_accepted(tmp_path):
    path = tmp_path / 'targets.npy'
    np.save(path, uniform_targets(4, 6).double().numpy())
    assert load_targets(path, 4, 6).dtype == torch.float32


@pytest.mark.parametrize(
    ('sizes', 'message'),
    [((5, 6), r'shape \(4, 6\) but num_classes=5 and feat_dim=6'), ((4, 7), 'num_classes=4 and feat_dim=7')],
)
def test_other_sizes_are_refused(tmp_path, sizes, message):
    save_targets(tmp_path / 'targets.npy', uniform_targets(4, 6))
    with pytest.raises(UserError, match=message):
        load_targets(tmp_path / 'targets.npy', *sizes)


@pytest.mark.parametrize('factor', [2.0, float('nan')])
def test_rows_that_are_not_unit_vectors_are_refused(tmp_path, factor):
    save_targets(tmp_path / 'targets.pt', factor * uniform_targets(4, 6))
    with pytest.raises(UserError, match=r'targets.pt has rows that are not unit vectors'):
        load_targets(tmp_path / 'targets.pt', 4, 6)


def test_missing_file_and_unknown_suffix(tmp_path):
    with pytest.raises(UserError, match=r'nothing.npy does not exist: make it with `ltcl targets`'):
        load_targets(tmp_path / 'nothing.npy', 4, 6)
    with pytest.raises(UserError, match=r'targets.txt must end in .npy or .pt'):
        save_targets(tmp_path / 'targets.txt', uniform_targets(4, 6))


class Malicious:
    """Would make a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize('suffix', ['.npy', '.pt'])
def test_damaged_and_malicious_files_are_refused(tmp_path, suffix):
    path = tmp_path / f'targets{suffix}'
    bait = str(tmp_path / 'bait')
    path.write_bytes(b'not numbers')
    with pytest.raises(UserError, match='not readable as one array of numbers'):
        load_targets(path, 4, 6)
    if suffix == '.npy':
        np.save(path, np.array([Malicious(bait)], dtype=object), allow_pickle=True)
    else:
        torch.save(Malicious(bait), path)
    with pytest.raises(UserError, match='not readable'):
        load_targets(path, 4, 6)
    assert not os.path.exists(bait)


def test_several_tensors_in_a_file_are_refused(tmp_path):
    torch.save({'targets': uniform_targets(4, 6)}, tmp_path / 'targets.pt')
    with pytest.raises(UserError, match='one array'):
        load_targets(tmp_path / 'targets.pt', 4, 6)


def test_search_runs_once(cache, searches):
    first, second = cached_uniform_targets(7, 3, 1), cached_uniform_targets(7, 3, 1)
    assert torch.equal(first, second)
    assert torch.equal(first, uniform_targets(7, 3, 1))
    assert searches == [(7, 3, 1)]
    cached_uniform_targets(7, 3, 2)
    assert searches == [(7, 3, 1), (7, 3, 2)]
    assert len(list(cache.iterdir())) == 2


def test_simplex_needs_no_cache(cache):
    assert torch.equal(cached_uniform_targets(4, 3), uniform_targets(4, 3))
    assert not cache.exists()


def test_damaged_cache_is_made_anew(cache, searches):
    expected = cached_uniform_targets(7, 3)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    assert torch.equal(cached_uniform_targets(7, 3), expected)
    assert len(searches) == 2
    assert torch.equal(load_targets(file, 7, 3), expected)


def test_cache_that_cannot_be_written_to_is_no_error(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')  # a file where a folder would have to be made
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    assert torch.equal(cached_uniform_targets(7, 3), uniform_targets(7, 3))


def test_cache_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))
    cached_uniform_targets(7, 3)
    assert [path.name for path in (tmp_path / '.cache' / 'ltcl').iterdir()] == ['uniform_targets_7x3_seed0.npy']
