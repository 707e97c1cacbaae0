"""Locks where the file system has them, and the way on where it has none."""

import errno
import subprocess
import sys

import pytest
from filelock import Timeout
from locks import take_locks_away

from ltcl.datasets import folder_cache
from ltcl.datasets.folder_cache import cache_file
from ltcl.file_locks import file_lock
from ltcl.work_dir import LOCK_FILE, locked

MARKER = '4711\nanother-machine\n'
"""What a filelock without ``flock`` leaves behind when its process is killed."""

HOLD = """
import sys, time
from ltcl.file_locks import file_lock
with file_lock(sys.argv[1]):
    print('locked', flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def without_locks(request, monkeypatch):
    take_locks_away(monkeypatch, request.param)


def test_another_process_waits_until_the_first_one_dies(tmp_path):
    path = tmp_path / 'lock'
    with subprocess.Popen([sys.executable, '-c', HOLD, path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'locked\n'
        with pytest.raises(Timeout), file_lock(path, 0):
            pass
        other.kill()
    with file_lock(path, 0) as is_held:
        assert is_held


@pytest.mark.usefixtures('without_locks')
def test_without_locks_nobody_waits(tmp_path):
    with file_lock(tmp_path / 'lock') as one, file_lock(tmp_path / 'lock') as other:
        assert one is other is False


@pytest.mark.usefixtures('without_locks')
def test_a_killed_training_on_another_machine_keeps_no_work_dir(tmp_path, monkeypatch):
    monkeypatch.setattr('ltcl.work_dir.LOCK_SECONDS', 0)
    (tmp_path / LOCK_FILE).write_text(MARKER)
    with locked(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == MARKER


@pytest.mark.usefixtures('without_locks')
def test_a_killed_process_on_another_machine_keeps_no_cache(tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr(folder_cache, 'print_log', lambda *words: notes.append(words))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    with cache_file('fingerprints', tmp_path, '.npz') as place:
        pass
    place.with_name(f'{place.name}.lock').write_text(MARKER)
    with cache_file('fingerprints', tmp_path, '.npz') as again:
        assert again == place
    assert not notes
