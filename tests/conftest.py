"""Options and defaults for all tests."""

import gc
from pathlib import Path

import pytest
import torch
from commands import call  # noqa: F401 (fixture)
from fake_fashion_mnist import (  # noqa: F401 (fixtures)
    fashion_mnist_contents,
    fashion_mnist_root,
    synthetic_checksums,
    written_fashion_mnist,
)
from layouts import cifar_root, data_layout, written_layouts  # noqa: F401 (fixtures)
from mmengine.registry import init_default_scope
from pictures import saved_figures  # noqa: F401 (fixture)
from seg_layouts import seg_layout  # noqa: F401 (fixture)
from toy import write_images

torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption(
        '--golden-dir',
        default=Path(__file__).parent / 'golden',
        type=Path,
        help='folder of recorded cases, <method>/<family>__<case>.npz',
    )


def pytest_generate_tests(metafunc):
    if 'case_path' in metafunc.fixturenames:
        from harness import find_cases

        try:
            cases = find_cases(metafunc.config.getoption('golden_dir'))
        except ValueError as error:  # no case would be a test that is skipped
            raise pytest.UsageError(str(error)) from None
        ids = [f'{method}-{path.stem}' for method, _, path in cases]
        metafunc.parametrize(('method', 'family', 'case_path'), cases, ids=ids)


@pytest.fixture(scope='session', autouse=True)
def cache_folder(tmp_path_factory):
    """What the library keeps between runs (uniform targets) stays in the folder of this test run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp('cache')
        monkeypatch.setenv('XDG_CACHE_HOME', str(folder))
        yield folder


@pytest.fixture(scope='session', autouse=True)
def quick_runs():
    """What costs mmengine seconds in a run of a few iterations and changes nothing in it."""
    # Each data set collects garbage, and walks through all that the imports made.
    gc.freeze()
    with pytest.MonkeyPatch.context() as monkeypatch:
        # Each checkpoint holds the config's text, formatted anew.
        monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **style: (text, True))
        yield


@pytest.fixture(autouse=True)
def default_scope():
    """The scope that every classification config sets."""
    init_default_scope('mmpretrain')


@pytest.fixture(scope='session')
def images(tmp_path_factory):
    """The folder of images that ``toy_config`` trains on; nothing writes to it."""
    return write_images(tmp_path_factory.mktemp('images'))
