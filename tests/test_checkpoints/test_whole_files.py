"""A file has its old content or its new one, and a flipped byte is noticed."""

import errno
import os
import resource
import zipfile

import pytest
import torch

from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import is_whole, save_whole
from ltcl.errors import UserError


def write(path, value: float) -> None:
    save_whole(path, {'state_dict': {'a': torch.full((100,), value)}, 'meta': {'epoch': 3}})


def value_of(path) -> float:
    return float(torch.load(path, weights_only=True)['state_dict']['a'][0])


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_failed_write_leaves_the_old_file_and_no_leftover(tmp_path, monkeypatch, step):
    path = tmp_path / 'a.pth'
    write(path, 1.0)

    def fail(*args: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match='No space'):
        write(path, 2.0)
    assert value_of(path) == 1.0
    assert [each.name for each in tmp_path.iterdir()] == ['a.pth']


def test_file_has_its_name_only_when_it_is_on_the_disk(tmp_path, monkeypatch):
    path, seen = tmp_path / 'a.pth', []
    replace = os.replace

    def look(source: object, target: object) -> None:
        seen.append((target.exists(), is_whole(source)))
        replace(source, target)

    monkeypatch.setattr(os, 'replace', look)
    write(path, 1.0)
    assert seen == [(False, True)]
    assert value_of(path) == 1.0


def test_every_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / 'a.pth'
    write(path, 1.5)
    content = path.read_bytes()
    assert is_whole(path)
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :])
        assert not is_whole(path)


def test_flipped_tensor_of_a_file_without_our_checksum_is_noticed(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'a': torch.arange(1000)}, path)
    assert is_whole(path)
    content = path.read_bytes()
    place = content.index(torch.tensor([500, 501]).numpy().tobytes())
    path.write_bytes(content[:place] + b'\0' + content[place + 1 :])
    assert not is_whole(path)


def test_damaged_file_is_refused_wherever_it_is_loaded(tmp_path):
    path = tmp_path / 'a.pth'
    write(path, 1.5)
    load_from_local(path)
    content = path.read_bytes()
    place = content.index(torch.full((2,), 1.5).numpy().tobytes())
    path.write_bytes(content[:place] + b'\1' + content[place + 1 :])
    with pytest.raises(UserError, match=r'a\.pth is damaged, its checksum is another'):
        load_from_local(path)


def test_file_with_the_checksum_is_read_by_everyone(tmp_path):
    path = tmp_path / 'a.pth'
    write(path, 2.5)
    assert value_of(path) == 2.5
    assert float(torch.load(path, weights_only=True, mmap=True)['state_dict']['a'][0]) == 2.5
    assert zipfile.ZipFile(path).testzip() is None


@pytest.mark.parametrize('length', [0, 1, 100, -1])
def test_cut_file_is_not_whole(tmp_path, length):
    path = tmp_path / 'a.pth'
    write(path, 1.0)
    path.write_bytes(path.read_bytes()[:length])
    assert not is_whole(path)


def test_a_disk_that_fills_up_in_the_middle_is_the_reason_that_is_told(tmp_path):
    path = tmp_path / 'a.pth'
    write(path, 1.0)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(OSError, match='File too large') as raised:
            save_whole(path, {'state_dict': {'a': torch.zeros(100_000)}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(path))
    assert value_of(path) == 1.0
    assert [each.name for each in tmp_path.iterdir()] == ['a.pth']
