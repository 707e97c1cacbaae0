"""Who installs the package and has no clone: every command from an empty folder, and configs by their names."""

import json
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from mmengine.config import Config
from reports import last_figures
from wheels import FURTHER_SOURCES, ROOT, SOURCES, build_wheel, call, copy_sources, install

from ltcl.fashion_mnist.files import SHA256

NAME = 'ltcl::gpaco/gpaco_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
SEGMENTATION = 'ltcl::seg/gpaco/gpaco_upernet-swin-tiny_8xb2-160k_ade20k-512x512.py'
CONFIG = f"""
_base_ = '{NAME}'
custom_imports = dict(imports=['checksums'])
"""
SMALL = {
    'max_epochs': 1,
    'train_cfg.val_interval': 1,
    'default_hooks.checkpoint.interval': 1,
    'model.backbone.base_channels': 4,
    'model.projector.in_channels': 16,
    'model.head.in_channels': 16,
    **{f'{part}_dataloader.dataset.indices': 60 for part in ('val', 'test')},
    **{f'{part}_dataloader.num_workers': 0 for part in ('train', 'val', 'test')},
}
PLAIN_MMENGINE = f"""
import ltcl
from mmengine.config import Config
from mmengine.hub import get_config
print(ltcl.__file__)
print(Config.fromfile('{NAME}').model.head.type)
print(Config.fromfile('my_config.py', import_custom_modules=False).model.type)
print(get_config('{NAME}').max_epochs)
"""


@pytest.fixture(scope='module')
def commands(tmp_path_factory):
    """Commands of an environment into which the wheel is installed."""
    folder = tmp_path_factory.mktemp('wheel')
    return install(build_wheel(folder), folder / 'environment')


@pytest.fixture
def folder(tmp_path, fashion_mnist_contents, written_fashion_mnist, synthetic_checksums):
    """A folder with nothing in it but a config and, for the invented images, their checksums."""
    (tmp_path / 'my_config.py').write_text(CONFIG)
    known = f'from ltcl.fashion_mnist import files\nfiles.SHA256.update({SHA256!r})\n'
    (tmp_path / 'checksums.py').write_text(known)
    return tmp_path


def use(commands, folder, data_root):
    """Read configs with plain mmengine, train with two processes, test, convert."""
    found = call(commands / 'python', '-c', PLAIN_MMENGINE, folder=folder).stdout.split()
    assert found[0].startswith(str(commands.parent))
    assert found[1:] == ['ltcl.PaCoHead', 'ltcl.ContrastiveClassifier', '100']

    options = ['--cfg-options', f'data_root={data_root}', *(f'{key}={SMALL[key]}' for key in SMALL)]
    ltcl = ['env', f'PYTHONPATH={folder}', commands / 'ltcl']
    call(*ltcl, 'train', 'my_config.py', '--processes', 2, *options, folder=folder)
    run = folder / 'work_dirs' / 'my_config'
    report = json.loads((run / 'metrics.json').read_text())
    assert report['last']['epoch'] == 1
    call(*ltcl, 'test', 'my_config.py', run / 'epoch_1.pth', *options, folder=folder)
    assert last_figures(run, 'test_') == last_figures(run)
    call(*ltcl, 'convert', run / 'epoch_1.pth', '--to', 'gpaco', '--out', 'theirs.pth', folder=folder)
    assert (folder / 'theirs.pth').is_file()


def test_train_test_and_convert_from_an_empty_folder(commands, folder, written_fashion_mnist):
    use(commands, folder, written_fashion_mnist)


def test_configs_by_name_are_those_of_the_clone(commands, tmp_path):
    names = call(commands / 'ltcl', 'list', folder=tmp_path).stdout.split()
    files = [path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts]
    assert sorted(names) == sorted(f'ltcl::{path.relative_to(ROOT / "configs").as_posix()}' for path in files)
    call(commands / 'ltcl', 'config', NAME.removeprefix('ltcl::gpaco/'), '--out', 'merged.py', folder=tmp_path)
    here = Config.fromfile(ROOT / 'configs' / NAME.removeprefix('ltcl::'))
    assert Config.fromfile(tmp_path / 'merged.py').to_dict() == here.to_dict()


@pytest.mark.slow
def test_everything_from_an_index(folder, written_fashion_mnist):
    """What is uploaded, in an environment that has nothing else: several gigabytes, which are not kept."""
    with TemporaryDirectory() as place:
        sources = copy_sources(Path(place, 'clone'), (*SOURCES, *FURTHER_SOURCES))
        call(sys.executable, '-m', 'build', sources, folder=folder)
        archive, wheel = sorted((sources / 'dist').iterdir(), key=lambda path: path.suffix)
        call(sys.executable, '-m', 'twine', 'check', '--strict', archive, wheel, folder=folder)
        with tarfile.open(archive) as packed:
            names = {name.partition('/')[2] for name in packed.getnames()}
        assert {'model-index.yml', 'configs/paco/metafile.yml', 'docs/clusters.md', 'tests/toy.py'} <= names
        commands = Path(place, 'environment', 'bin')
        venv.create(commands.parent, with_pip=True)
        call(commands / 'pip', 'install', '-c', ROOT / 'constraints.txt', wheel, folder=folder)
        use(commands, folder, written_fashion_mnist)
        refused = subprocess.run([commands / 'ltcl', 'train', SEGMENTATION], capture_output=True, text=True, cwd=folder)
        assert "run `pip install 'ltcl[seg]'`" in refused.stderr
