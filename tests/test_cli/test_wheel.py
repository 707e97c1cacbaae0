"""Who installs the package and has no clone: every command from an empty folder, and configs by their names."""

import json

import pytest
from mmengine.config import Config
from wheels import ROOT, build_wheel, call, install

from ltcl.fashion_mnist.files import SHA256

NAME = 'ltcl::gpaco/gpaco_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
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


def test_train_test_and_convert_from_an_empty_folder(commands, folder, written_fashion_mnist):
    found = call(commands / 'python', '-c', PLAIN_MMENGINE, folder=folder).stdout.split()
    assert found[0].startswith(str(commands.parent))
    assert found[1:] == ['ltcl.PaCoHead', 'ltcl.ContrastiveClassifier', '100']

    options = ['--cfg-options', f'data_root={written_fashion_mnist}', *(f'{key}={SMALL[key]}' for key in SMALL)]
    ltcl = ['env', f'PYTHONPATH={folder}', commands / 'ltcl']
    call(*ltcl, 'train', 'my_config.py', '--processes', 2, *options, folder=folder)
    run = folder / 'work_dirs' / 'my_config'
    report = json.loads((run / 'metrics.json').read_text())
    assert report['last']['epoch'] == 1
    call(*ltcl, 'test', 'my_config.py', run / 'epoch_1.pth', *options, folder=folder)
    assert json.loads((run / 'test_metrics.json').read_text())['last']['metrics'] == report['last']['metrics']
    call(*ltcl, 'convert', run / 'epoch_1.pth', '--to', 'gpaco', '--out', 'theirs.pth', folder=folder)
    assert (folder / 'theirs.pth').is_file()


def test_configs_by_name_are_those_of_the_clone(commands, tmp_path):
    names = call(commands / 'ltcl', 'list', folder=tmp_path).stdout.split()
    files = [path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts]
    assert sorted(names) == sorted(f'ltcl::{path.relative_to(ROOT / "configs").as_posix()}' for path in files)
    call(commands / 'ltcl', 'config', NAME.removeprefix('ltcl::gpaco/'), '--out', 'merged.py', folder=tmp_path)
    here = Config.fromfile(ROOT / 'configs' / NAME.removeprefix('ltcl::'))
    assert Config.fromfile(tmp_path / 'merged.py').to_dict() == here.to_dict()
