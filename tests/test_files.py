"""A file has its old content or its new one, whoever else writes it, and nothing is left beside it."""

import os
import pwd
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from ltcl.errors import UserError
from ltcl.files import PARTIAL, atomic_file, cache_folder, remove_partials, why_unwritable, write_atomic


def test_text_and_bytes_replace_what_was_there(tmp_path):
    path = tmp_path / 'last'
    for content in ('epoch_1.pth', 'Schüler \udcff', b'\0\1'):
        write_atomic(path, content)
        expected = content if isinstance(content, bytes) else os.fsencode(content)
        assert path.read_bytes() == expected
    assert [each.name for each in tmp_path.iterdir()] == ['last']


@pytest.mark.parametrize('step', ['fsync', 'replace'])
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, error):
    path = tmp_path / 'a.json'
    write_atomic(path, 'old')

    def fail(*args: object) -> None:
        raise type(error)(*error.args)

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)) as raised:
        write_atomic(path, 'new')
    assert getattr(raised.value, 'filename', str(path)) == str(path)
    assert path.read_text() == 'old'
    assert [each.name for each in tmp_path.iterdir()] == ['a.json']


def test_a_writer_that_gives_up_leaves_nothing(tmp_path):
    def give_up() -> None:
        with atomic_file(tmp_path / 'a') as file:
            file.write(b'half')
            raise ValueError('another file')

    with pytest.raises(ValueError, match='another file'):
        give_up()
    assert not list(tmp_path.iterdir())


def test_files_are_as_readable_as_others(tmp_path):
    (tmp_path / 'plain').write_text('')
    write_atomic(tmp_path / 'whole', '')
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ('plain', 'whole')}
    assert len(modes) == 1


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    path, both_write = tmp_path / 'a', threading.Barrier(2)

    def write(letter: bytes) -> None:
        with atomic_file(path) as file:
            file.write(letter * 100)
            file.flush()
            both_write.wait(10)
            file.write(letter * 100)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b'a', b'b')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in (b'a' * 200, b'b' * 200)
    assert [each.name for each in tmp_path.iterdir()] == ['a']


def test_names_of_any_length(tmp_path):
    write_atomic(tmp_path / ('a' * 255), 'text')


def test_why_a_file_cannot_be_written(tmp_path):
    assert why_unwritable(tmp_path / 'new') == why_unwritable(__file__) == ''
    assert why_unwritable(tmp_path) == 'it is a folder'
    assert why_unwritable(tmp_path / 'no' / 'new') == f'there is no folder {tmp_path}/no'
    assert why_unwritable('/proc/new')  # not even by root
    assert list(tmp_path.iterdir()) == []


def test_leftovers_are_removed(tmp_path):
    (tmp_path / f'epoch_1.pth{PARTIAL}').write_bytes(b'half')
    (tmp_path / 'epoch_1.pth').touch()
    remove_partials(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ['epoch_1.pth']


def test_a_cache_is_in_the_home_or_without_one_among_temporary_files(tmp_path, monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    assert cache_folder() == Path(os.environ['XDG_CACHE_HOME'], 'ltcl')
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_folder() == tmp_path / '.cache' / 'ltcl'
    monkeypatch.delenv('HOME')
    monkeypatch.setattr(pwd, 'getpwuid', unknown)
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    own = tmp_path / f'ltcl-{os.getuid()}'
    assert cache_folder() == cache_folder() == own
    assert own.stat().st_mode & 0o777 == 0o700
    own.rmdir()
    own.symlink_to(tmp_path)  # as somebody else could put it there
    with pytest.raises(UserError, match='belongs to somebody else: set XDG_CACHE_HOME to a folder of your own'):
        cache_folder()
