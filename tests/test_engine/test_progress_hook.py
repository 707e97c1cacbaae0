"""The progress bar on a terminal, and its absence elsewhere."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from toy import toy_config, write_images

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'config.py'
    toy_config(write_images(tmp_path / 'images'), tmp_path / 'run', 'gpaco', train_cfg__max_epochs=2).dump(path)
    return path


def test_bar_on_a_terminal(config):
    outside, inside = pty.openpty()
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'TERM': 'xterm', 'COLUMNS': '120'}
    command = [sys.executable, ROOT / 'tools' / 'train.py', config]
    process = subprocess.Popen(command, stdout=inside, stderr=inside, env=environment, cwd=ROOT)
    os.close(inside)
    shown = b''
    while True:
        try:
            part = os.read(outside, 65536)
        except OSError:  # the terminal's other end is closed
            break
        if not part:
            break
        shown += part
    assert process.wait() == 0
    text = shown.decode()
    assert 'epoch 2/2  loss' in text
    assert '10/10' in text
    assert text.rfind('\x1b[?25h') > text.rfind('\x1b[?25l')  # the cursor is shown again
    assert 'Epoch(val)' in text


def test_plain_lines_elsewhere(config):
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    command = [sys.executable, ROOT / 'tools' / 'train.py', config]
    text = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=True).stdout
    assert '\x1b[' not in text
    assert 'eta:' in text
    assert 'Config:' not in text
    assert 'OneDL' not in text
    assert 'Config:' in next((config.parent / 'run').glob('*/*.log')).read_text()
