"""What becomes of the run in a work dir when a config is written there."""

import shutil
from types import SimpleNamespace

import pytest
from own_training import OPTIONS

from ltcl.own_folder.config_file import write_config


def words(work_dir, resume=None, dry_run=False):
    return SimpleNamespace(work_dir=str(work_dir), resume=resume and str(resume), dry_run=dry_run)


@pytest.fixture
def text(copied):
    return (copied / 'config.py').read_text()


@pytest.fixture
def other(copied, tmp_path):
    """Another run."""
    return shutil.copytree(copied, tmp_path / 'other run')


@pytest.mark.parametrize('change', ['', 'x = 1\n'])
@pytest.mark.parametrize('resume', ['auto', '{}', '{}/epoch_1.pth'])
def test_a_run_that_goes_on_has_no_result_until_its_end(copied, text, change, resume):
    write_config(words(copied, resume.format(copied)), text + change)
    assert (copied / 'config.py').read_text() == text + change
    assert not (copied / 'result.json').exists()
    assert (copied / 'epoch_2.pth').is_file()
    assert not (copied / 'previous_1').exists()


@pytest.mark.parametrize('change', ['', 'x = 1\n'])
def test_where_another_run_goes_on_the_earlier_one_is_kept_apart(copied, other, text, change):
    write_config(words(copied, other), text + change)
    assert (copied / 'previous_1' / 'config.py').read_text() == text
    assert {'result.json', 'epoch_2.pth'} <= {path.name for path in (copied / 'previous_1').iterdir()}
    assert not (copied / 'result.json').exists()
    assert (other / 'result.json').is_file()


@pytest.mark.parametrize('resume', [None, 'auto', '{}'])
@pytest.mark.parametrize('change', ['', 'x = 1\n'])
def test_a_dry_run_leaves_the_result(copied, other, text, change, resume):
    write_config(words(copied, resume and resume.format(other), dry_run=True), text + change)
    assert (copied / 'config.py').read_text() == text
    assert (copied / 'result.json').is_file()


@pytest.mark.parametrize(
    ('resume', 'message'),
    [('{}', 'the run in {} has another model than these options ask for'), ('{}/nowhere', 'no such checkpoint')],
)
def test_what_cannot_go_on_leaves_the_work_dir_as_it_is(call, data, copied, other, capsys, resume, message):
    before = {path.name: path.stat().st_mtime_ns for path in copied.iterdir()}
    options = ('--work-dir', copied, *OPTIONS, '--method', 'cross-entropy', '--resume', resume.format(other))
    assert call('train', data, *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert message.format(other) in line
    assert {path.name: path.stat().st_mtime_ns for path in copied.iterdir()} == before
