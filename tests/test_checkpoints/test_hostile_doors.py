"""By whatever door a checkpoint comes in, its code does not run, and one line names the file."""

import importlib
import re

import numpy as np
import pytest
from hostile import HOSTILE, in_checkpoint, in_legacy, in_zip, object_array, read_carelessly, touch
from mmengine.registry import MODELS
from mmengine.runner import load_checkpoint
from toy import CONFIGS, toy_config

from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.launch import build_runner
from ltcl.launch.config_values import fill_num_classes
from ltcl.models.utils.target_files import load_targets

# One that runs in any reader, one that ran by way of the types that were let through, one that hides in a log history.
KINDS = {'reduce_exec': in_zip, 'build_setstate_by_getattr': in_zip, 'history_statistics': in_legacy}


def command(name: str, *words: object) -> None:
    """Run a command in this process; an error comes as an exception."""
    module = importlib.import_module(f'ltcl.cli.{name}')
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr('sys.argv', [name, *map(str, words)])
        module.main.__wrapped__()


def init_cfg(cfg, config, path):
    backbone = dict(cfg.model.backbone, init_cfg=dict(type='Pretrained', checkpoint=path, prefix='backbone.'))
    MODELS.build(dict(cfg.model, backbone=backbone)).init_weights()


def load_from_in_training(cfg, config, path):
    cfg.load_from = path
    Runner.from_cfg(cfg).train()


def resume(cfg, config, path):
    cfg.load_from, cfg.resume = path, True
    Runner.from_cfg(cfg).train()


def init_cfg_by_scheme(cfg, config, path):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr('mmengine.runner.checkpoint.get_external_models', lambda: dict(own=path))
        load_checkpoint(MODELS.build(cfg.model), 'open-mmlab://own')


def num_classes(cfg, config, path):
    cfg.num_classes = None
    fill_num_classes(cfg, path)


DOORS = {
    'init_cfg': init_cfg,
    'init_cfg_by_scheme': init_cfg_by_scheme,
    'load_checkpoint': lambda cfg, config, path: load_checkpoint(MODELS.build(cfg.model), path),
    'load_from_in_training': load_from_in_training,
    'resume': resume,
    'resume_by_method': lambda cfg, config, path: build_runner(cfg).resume(path),
    'fill_num_classes': num_classes,
    'targets': lambda cfg, config, path: load_targets(path, 3, 8),
    'train': lambda cfg, config, path: command('train', config, '--resume', path),
    'test': lambda cfg, config, path: command('test', config, path),
    'ensemble': lambda cfg, config, path: command('test', config, path, config, path),
    'robustness': lambda cfg, config, path: command('robustness', config, path, '--clean'),
    'geometry': lambda cfg, config, path: command('geometry', config, path),
    'convert_from': lambda cfg, config, path: command('convert', path, '--from', 'gpaco'),
    'convert_to': lambda cfg, config, path: command('convert', path, '--to', 'gpaco'),
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('door', DOORS)
def test_code_stays_outside(door, kind, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an ensemble has a work dir of its own
    marker, path = tmp_path / 'code_was_run', tmp_path / 'hostile.pt'
    path.write_bytes(KINDS[kind](in_checkpoint(HOSTILE[kind](str(marker)))))
    cfg = toy_config(images, tmp_path / 'run')
    cfg.dump(tmp_path / 'toy.py')
    with pytest.raises(UserError) as error:
        DOORS[door](cfg, tmp_path / 'toy.py', str(path))
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value)
    assert not marker.exists()


def test_targets_in_arrays_of_objects(tmp_path):
    marker, path = tmp_path / 'code_was_run', tmp_path / 'targets.npy'
    path.write_bytes(object_array(str(marker)))
    with pytest.raises(UserError, match=r'targets\.npy is not readable'):
        load_targets(path, 3, 8)
    assert not marker.exists()
    np.load(path, allow_pickle=True)
    assert marker.exists()


@pytest.mark.parametrize(('name', 'words'), [('test', []), ('train', ['--resume'])])
def test_the_commands_say_so_in_one_line(name, words, images, tmp_path, call):
    marker, path = tmp_path / 'code_was_run', tmp_path / 'hostile.pth'
    path.write_bytes(in_zip(in_checkpoint(HOSTILE['build_setstate_by_getattr'](str(marker)))))
    toy_config(images, tmp_path / 'run').dump(tmp_path / 'toy.py')
    assert call(name, tmp_path / 'toy.py', *words, path).mistake.startswith(f'error: checkpoint {path} is refused')
    assert not marker.exists()


def test_cifar_files_are_compared_with_their_checksums_first(tmp_path):
    """The published files are pickles: one that is not exactly as published is not unpickled."""
    from ltcl.datasets import CIFAR10LT

    marker, folder = tmp_path / 'code_was_run', tmp_path / 'cifar-10-batches-py'
    folder.mkdir()
    content = b'\x80\x02' + touch(str(marker)) + b'.'
    for name, _ in [*CIFAR10LT.train_list, *CIFAR10LT.test_list, ('batches.meta', '')]:
        (folder / name).write_bytes(content)
    with pytest.raises(UserError, match='unpack it in'):
        CIFAR10LT(data_root=str(tmp_path), imbalance_factor=100, download=False)
    assert not marker.exists()
    read_carelessly(content)
    assert marker.exists()


def test_there_is_no_other_reader():
    """Whoever adds one finds the doors above."""
    readers = re.compile(
        r'torch\.load\(|pickle\.loads?\(|allow_pickle=True|Config\.fromstring\(|weights_only=False|\bload_url\('
    )
    root = CONFIGS.parent
    sources = [*root.glob('ltcl/**/*.py'), *root.glob('tools/**/*.py')]
    assert len(sources) > 100
    assert [str(path) for path in sources if readers.search(path.read_text(encoding='utf-8'))] == []
