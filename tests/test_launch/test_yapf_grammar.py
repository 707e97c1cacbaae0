"""yapf's grammar, half-written."""

import os
import subprocess
import sys

import pytest

# Imports neither torch nor the package as a whole; XDG_CACHE_HOME tells yapf where the grammar is.
IMPORT = 'from ltcl.launch.yapf_grammar import import_yapf; import_yapf()'
FORMAT = "; import yapf; print(yapf.yapf_api.FormatCode('a=1')[0])"


def run(code, cache):
    environment = {**os.environ, 'XDG_CACHE_HOME': str(cache)}
    return subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def grammars(tmp_path):
    """Files that yapf has written for itself."""
    assert run('import yapf', tmp_path).returncode == 0
    found = list(tmp_path.rglob('*.pickle'))
    assert found
    return found


@pytest.mark.parametrize('bytes_left', [0, 1000])
def test_a_part_of_a_grammar_is_replaced(grammars, tmp_path, bytes_left):
    whole = grammars[0].read_bytes()
    for path in grammars:
        path.write_bytes(path.read_bytes()[:bytes_left])
    assert run('import yapf', tmp_path).returncode == 1
    done = run(IMPORT + FORMAT, tmp_path)
    assert done.stdout.strip() == 'a = 1', done.stderr
    assert len(grammars[0].read_bytes()) == len(whole)


def test_a_grammar_that_is_being_written_is_waited_for(grammars, tmp_path):
    whole = grammars[0].read_bytes()
    grammars[0].write_bytes(whole[:1000])
    inode = grammars[0].stat().st_ino
    write = f'import pathlib, threading; path = pathlib.Path({str(grammars[0])!r})'
    write += f'; threading.Timer(0.3, lambda: path.write_bytes({whole!r})).start(); '
    assert run(write + IMPORT, tmp_path).returncode == 0
    assert grammars[0].stat().st_ino == inode  # the same file: yapf replaces it where it writes
