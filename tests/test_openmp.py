"""Waiting threads sleep, unless the environment says how they wait."""

import os
import subprocess
import sys

import pytest

from ltcl.openmp import NAMES, let_threads_sleep


def test_threads_sleep_where_nothing_is_said():
    environment = {'HOME': '/'}
    let_threads_sleep(environment)
    assert environment == {'HOME': '/', 'OMP_WAIT_POLICY': 'PASSIVE'}


@pytest.mark.parametrize('name', NAMES)
def test_what_is_said_stays(name):
    environment = {name: '7'}
    let_threads_sleep(environment)
    assert environment == {name: '7'}


def test_it_is_said_before_torch_is_imported():
    code = 'import sys, os, ltcl.cli.main; print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)'
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == 'PASSIVE False\n'
