"""The test at the end of a training: when there is one, of what, and what it leaves."""

import json
import os
from pathlib import Path

import pytest
from locks import is_locked, when_locked
from mmengine.config import Config
from toy import toy_config, write_images

from ltcl.checkpoints.reading import load_from_local
from ltcl.cli import train
from ltcl.launch.final_test import has_own_test, is_tested
from ltcl.predictions import load_predictions


def loaders(test, val, **more):
    parts = dict(test_dataloader=dict(dataset=test), test_evaluator=[], test_cfg={}, **more)
    return Config(parts if val is None else dict(parts, val_dataloader=dict(dataset=val)))


@pytest.mark.parametrize(
    ('test', 'val', 'expected'),
    [
        (dict(type='CIFAR10', test_mode=True, pipeline=[]), dict(type='CIFAR10', test_mode=True, pipeline=[1]), False),
        (dict(type='CIFAR10', test_mode=True, pipeline=[]), None, True),
    ],
)
def test_images_of_the_validation_are_no_test(test, val, expected):
    assert has_own_test(loaders(test, val)) is expected


def test_a_config_without_a_test_has_none():
    assert not has_own_test(Config(dict(val_dataloader=dict(dataset=dict(type='CIFAR10')))))


def test_own_images_without_a_part_for_the_test(tmp_path):
    write_images(tmp_path / 'data' / 'train', (12, 6))
    parts = {
        split: dict(type='ltcl.OwnImages', data_root=str(tmp_path / 'data'), split=split, pipeline=[])
        for split in ('val', 'test')
    }
    assert not has_own_test(loaders(parts['test'], parts['val'], default_scope='mmpretrain'))
    write_images(tmp_path / 'data' / 'test', (3, 2))
    assert has_own_test(loaders(parts['test'], parts['val'], default_scope='mmpretrain'))


def test_a_newer_checkpoint_is_not_tested(tmp_path):
    checkpoint, report = tmp_path / 'epoch_2.pth', tmp_path / 'test_metrics.json'
    checkpoint.touch()
    assert not is_tested(checkpoint)
    tested = dict(unit='test', checkpoint='elsewhere/epoch_2.pth')
    for other in (dict(prior='natural'), dict(tta=True), dict(split='val')):
        report.write_text(json.dumps(tested | other))
        assert not is_tested(checkpoint)
    report.write_text(json.dumps(tested | dict(calibrated_prior='natural')))
    assert is_tested(checkpoint)
    assert not is_tested(tmp_path / 'epoch_1.pth')
    os.utime(checkpoint, (2**33, 2**33))
    assert not is_tested(checkpoint)


def write_config(root: Path, with_report: bool, **changes) -> Path:
    """A config whose test has other images than its validation."""
    changes = dict(train_cfg__max_epochs=1, train_cfg__val_interval=1, **changes)
    cfg = toy_config(write_images(root / 'images'), root / 'run', 'cross_entropy', with_report, **changes)
    cfg.test_dataloader.dataset.data_prefix = str(write_images(root / 'test', (4, 3, 2)))
    cfg.dump(root / 'toy.py')
    return root / 'toy.py'


@pytest.fixture(scope='module')
def config(tmp_path_factory) -> Path:
    return write_config(tmp_path_factory.mktemp('final'), True)


def test_a_training_ends_with_a_test(config, call, monkeypatch):
    run, held = config.parent / 'run', []
    for name in ('build_runner', 'test_after_training'):
        monkeypatch.setattr(f'ltcl.cli.train.{name}', when_locked(getattr(train, name), run, held))
    done = call('train', config)
    assert held == [True, True]
    assert not is_locked(run)
    assert done.status == 0, done.err
    tested, trained = (json.loads((run / name).read_text()) for name in ('test_metrics.json', 'metrics.json'))
    [best] = run.glob('best_*.pth')
    assert Path(tested['checkpoint']).name == best.name
    assert tested['unit'] == 'test'
    assert [row['test_count'] for row in tested['per_class']] == [4, 3, 2]
    assert [row['test_count'] for row in trained['per_class']] == [24, 12, 4]
    assert 'Accuracy (%) on 40 validation images' in done.out
    assert 'Accuracy (%) on 9 test images' in done.out
    kept = load_predictions(run / 'predictions.npz')
    assert (kept.split, kept.checkpoint) == ('test', f'run/{best.stem}')
    call('test', run, '--split', 'val', '--out', run / 'val.npz', '--work-dir', config.parent / 'val')
    assert call('analyze', run, '--val', run / 'val.npz', '--out', config.parent).status == 0


@pytest.mark.slow
def test_a_resumed_run_is_tested_once(config, call):
    run = config.parent / 'run'
    call('train', config, '--resume')
    tested = json.loads((run / 'test_metrics.json').read_text())
    moment = (run / 'test_metrics.json').stat().st_mtime_ns
    # The finished run is resumed: what is tested stays.
    call('train', config, '--resume')
    assert (run / 'test_metrics.json').stat().st_mtime_ns == moment
    # It was stopped between training and test.
    (run / 'test_metrics.json').unlink()
    call('train', config, '--resume', '--no-test')
    assert not (run / 'test_metrics.json').exists()
    call('train', config, '--resume')
    assert json.loads((run / 'test_metrics.json').read_text())['last'] == tested['last']


OWN_MODULE = """
from mmpretrain.models.heads import LinearClsHead
from ltcl.registry import MODELS

@MODELS.register_module(force=True)
class OwnHead(LinearClsHead):
    pass
"""


@pytest.fixture
def own_config(tmp_path, monkeypatch) -> Path:
    """The same with a head of the user's own module."""
    (tmp_path / 'own_head_of_a_test.py').write_text(OWN_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    own = dict(custom_imports=dict(imports=['own_head_of_a_test']), model__head__type='ltcl.OwnHead')
    return write_config(tmp_path, False, **own)


def test_a_module_of_the_users_own_is_tested_as_it_was_trained(own_config, call):
    run = own_config.parent / 'run'
    done = call('train', own_config)
    assert (done.status, done.err) == (0, '')
    assert 'Epoch(test) [2/2]' in done.out  # nine images
    # Later it is the checkpoint alone that names the module.
    mistake = call('test', run).mistake
    assert 'own_head_of_a_test names code' in mistake
    [best] = run.glob('best_*.pth')
    assert f'`ltcl test CONFIG {best}`' in mistake
    assert call('test', own_config, best).status == 0


def test_code_that_only_the_checkpoint_names_is_not_run(own_config, call, monkeypatch):
    mark = own_config.parent / 'mark'
    (own_config.parent / 'evil_of_a_test.py').write_text(f'open({str(mark)!r}, "w")')

    def swapped(path):
        checkpoint = load_from_local(path)
        checkpoint['meta']['config']['custom_imports']['imports'] = ['evil_of_a_test']
        return checkpoint

    monkeypatch.setattr('ltcl.checkpoints.schemes.load_checkpoint', swapped)
    done = call('train', own_config)
    assert done.status == 0
    assert 'the test images are not tested: the config in the checkpoint' in done.out
    assert 'evil_of_a_test names code' in done.out
    assert 'Epoch(test)' not in done.out
    assert not mark.exists()
