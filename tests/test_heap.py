"""Freed memory is used again, unless the environment says what becomes of it."""

import os
import subprocess
import sys

import pytest

from ltcl.heap import NAMES, keep_freed_memory

pytestmark = pytest.mark.skipif(sys.platform != 'linux', reason='a setting of glibc')

# A block larger than those that glibc keeps by itself, written to again and again.
FAULTS = """
import ctypes, resource
import ltcl.cli
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def write(bytes):
    block = libc.malloc(bytes)
    ctypes.memset(block, 1, bytes)
    libc.free(block)
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
write(80_000_000)
before = faults()
for _ in range(5):
    write(80_000_000)
print(faults() - before)
"""
PAGES = 80_000_000 // os.sysconf('SC_PAGE_SIZE')


def page_faults(**environment: str) -> int:
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, '-c', FAULTS], env=kept | environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_pages_are_cleared_once():
    assert page_faults() < PAGES / 10


def test_the_environment_has_its_way():
    assert page_faults(MALLOC_MMAP_THRESHOLD_='1000000') > 4 * PAGES


@pytest.mark.parametrize('name', NAMES)
def test_nothing_is_changed_where_it_is_said(name):
    assert not keep_freed_memory({name: '1'})
