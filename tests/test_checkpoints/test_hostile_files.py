"""No file runs code: every operation of pickles, in every format of files, is refused in one line."""

import contextlib
import resource
import time

import hostile
import pytest
import torch
from hostile import BOMBS, FORMATS, HOSTILE, RUNS, in_checkpoint, in_legacy, in_zip, read_carelessly, touch

from ltcl.checkpoints.reading import load_from_local, read_checkpoint
from ltcl.errors import UserError


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'code_was_run'


def assert_refused(path, marker, read=read_checkpoint):
    with pytest.raises(UserError) as error:
        read(path)
    message = str(error.value)
    assert '\n' not in message
    assert path.name in message
    assert 'is refused' in message or 'is damaged' in message
    assert not marker.exists()
    return message


@pytest.mark.parametrize('name', RUNS)
def test_each_would_run(name, marker, monkeypatch):
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    with contextlib.suppress(Exception):  # some fail after their code has run
        read_carelessly(hostile.START + RUNS[name](str(marker)) + b'.')
    assert marker.exists()


@pytest.mark.parametrize('form', FORMATS)
@pytest.mark.parametrize('name', HOSTILE)
def test_none_runs(name, form, marker, tmp_path):
    path = tmp_path / 'model.pth'
    path.write_bytes(FORMATS[form](in_checkpoint(HOSTILE[name](str(marker)))))
    message = assert_refused(path, marker)
    if name in RUNS:
        assert 'is refused' in message


@pytest.mark.parametrize('form', ['zip', 'legacy'])
def test_the_same_files_without_code_are_read(form, tmp_path):
    path = tmp_path / 'model.pth'
    path.write_bytes(FORMATS[form](in_checkpoint(hostile.text('plain'))))
    read = load_from_local(path)
    assert read['meta'] == 'plain'
    assert torch.equal(read['state_dict']['backbone.w'], torch.zeros(4))


def test_every_pickle_of_a_legacy_file(marker, tmp_path):
    path = tmp_path / 'model.pth'
    hidden = hostile.START + touch(str(marker)) + b'.'
    plain, deep = in_checkpoint(hostile.NONE), hostile.EMPTY + b'\x85' * 100_000
    for content in (
        in_legacy(plain, properties=hidden),
        in_legacy(plain, keys=hidden),
        in_legacy(plain, keys=hostile.START + hostile.LIST + deep + hostile.APPEND + b'.'),
        hidden + in_legacy(plain),
        in_legacy(hidden),
    ):
        path.write_bytes(content)
        assert_refused(path, marker)


def test_script_modules_are_refused(marker, tmp_path):
    path = tmp_path / 'model.pth'
    torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    assert '__torch__' in assert_refused(path, marker)


def test_whole_models_are_refused(marker, tmp_path):
    path = tmp_path / 'model.pth'
    for new in (True, False):
        torch.save(torch.nn.Linear(2, 2), path, _use_new_zipfile_serialization=new)
        assert 'Linear' in assert_refused(path, marker)


@pytest.mark.parametrize('kind', ['compressed', 'overlap', 'too_large', 'two_pickles', 'big_endian'])
def test_zip_files_that_take_more_than_they_hold(kind, marker, tmp_path):
    path = tmp_path / 'model.pth'
    path.write_bytes(getattr(hostile, kind)())
    assert_refused(path, marker)


def test_names_of_entries_stay_in_the_file(tmp_path, marker):
    path = tmp_path / 'model.pth'
    for key in ('../../../../etc/hostname', '/etc/hostname', 'none'):
        content = in_checkpoint(hostile.NONE).replace(hostile.text('0'), hostile.text(key))
        path.write_bytes(in_zip(content))
        assert_refused(path, marker)


@pytest.mark.parametrize('name', BOMBS)
def test_no_file_takes_much_more_than_its_size(name, marker, tmp_path):
    path = tmp_path / 'model.pth'
    content = BOMBS[name]()
    assert len(content) < 12_000_000
    path.write_bytes(content)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    assert_refused(path, marker)
    assert time.perf_counter() - start < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
