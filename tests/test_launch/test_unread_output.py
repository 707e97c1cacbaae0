"""A training whose output nobody reads any more, or goes to a full disk."""

import io
import os
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console
from toy import toy_config

from ltcl.engine import Runner
from ltcl.launch.unread_output import outlive_readers


@pytest.fixture(params=[-1, 0], ids=['buffered', 'unbuffered'])
def unread(request):
    """A pipe whose reader has ended, as standard output of Python and of ``python -u``."""
    reader, writer = os.pipe()
    os.close(reader)
    file = os.fdopen(writer, 'wb', request.param)
    with suppress(OSError), io.TextIOWrapper(file, write_through=not request.param) as stream:
        yield stream


@pytest.fixture
def full():
    """A file on a full disk."""
    with suppress(OSError), open('/dev/full', 'w') as stream:
        yield stream


def test_what_is_printed_is_lost(unread, monkeypatch):
    monkeypatch.setattr('sys.stdout', unread)
    for _ in range(2):
        outlive_readers()
        print('a line', flush=True)
        Console().print('another')


def test_a_full_disk_stays_an_error(full, monkeypatch):
    monkeypatch.setattr('sys.stdout', full)
    outlive_readers()
    with pytest.raises(OSError, match='No space left'):
        print('a line', flush=True)


def test_a_console_on_a_full_disk_is_one_line_in_the_log(images, tmp_path, full, monkeypatch, capfd):
    monkeypatch.setattr('sys.stdout', full)
    runner = Runner.from_cfg(toy_config(images, tmp_path, 'cross_entropy'))
    for number in range(3):
        runner.logger.info(f'line {number}')
    log = Path(runner.logger.log_file).read_text()
    assert log.count('the log on the console cannot be written (No space left on device)') == 1
    assert 'line 2' in log
    assert not capfd.readouterr().err  # a traceback for each line


def test_the_training_is_saved(images, tmp_path, unread, monkeypatch, capfd):
    options = dict(with_report=True, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    monkeypatch.setattr('sys.stdout', unread)
    Runner.from_cfg(toy_config(images, tmp_path, 'cross_entropy', **options)).train()
    assert (tmp_path / 'epoch_1.pth').exists()
    assert (tmp_path / 'metrics.json').exists()
    assert not capfd.readouterr().err
