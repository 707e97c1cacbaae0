"""What other packages print when they are imported."""

import subprocess
import sys

import pytest

from ltcl.remarks import REMARK, without_remarks


def test_only_the_remark_is_left_out(capsys):
    with without_remarks():
        print('first')
        print(REMARK)
        print('last')
    assert capsys.readouterr().out == 'first\nlast\n'


@pytest.mark.slow
@pytest.mark.parametrize('module', ['models', 'datasets', 'engine', 'evaluation', 'inference', 'fashion_mnist'])
def test_an_import_prints_nothing(module):
    done = subprocess.run([sys.executable, '-c', f'import ltcl.{module}'], capture_output=True, text=True, check=True)
    assert done.stdout == ''
