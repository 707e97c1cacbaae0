"""Every example in a docstring prints what it says; `ltcl.functional` has a test of its own."""

import doctest
import importlib
from pathlib import Path

import pytest

import ltcl

ROOT = Path(ltcl.__file__).parent
PATHS = [path for path in sorted(ROOT.rglob('*.py')) if '>>>' in path.read_text()]
NAMES = [
    '.'.join(path.relative_to(ROOT.parent).with_suffix('').parts)
    for path in PATHS
    if path.parent != ROOT / 'functional'
]


@pytest.mark.parametrize('name', NAMES)
def test_examples_hold(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
