"""A folder of tiny images and a model that `ltcl train` made of it, shared by the tests of this folder."""

import shutil

import pytest
from mmengine.logging import MMLogger
from own_training import ODD_NAME, OPTIONS
from toy import write_images

from ltcl.cli import main as cli


@pytest.fixture(scope='module')
def call():
    """Runs ``ltcl`` in this process with a cache of its own; gives the status, what it printed is in ``capsys``."""

    def command(*words):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr('sys.argv', ['ltcl', *map(str, words)])
            try:
                cli.main()
            except SystemExit as stop:
                return stop.code
            finally:
                MMLogger.get_current_instance().setLevel('INFO')
        return 0

    return command


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Three classes of 12, 6 and 1 images; one name must be quoted everywhere."""
    root = write_images(tmp_path_factory.mktemp('my data'), (12, 6, 1))
    (root / 'class_1').rename(root / ODD_NAME)
    return root


@pytest.fixture(scope='module')
def work_dir(call, data, tmp_path_factory):
    """The work dir of a finished training; not to be changed."""
    folder = tmp_path_factory.mktemp('runs') / 'my run'
    assert call('train', data, '--work-dir', folder, *OPTIONS) == 0
    return folder


@pytest.fixture
def copied(work_dir, tmp_path):
    """A copy of it under the same name, to be changed."""
    return shutil.copytree(work_dir, tmp_path / 'my run')
