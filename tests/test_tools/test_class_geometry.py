"""The table of class geometry, from a real checkpoint."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from mmengine.config import Config
from toy import toy_config, write_images
from toy_frozen import frozen_files

from ltcl.engine import Runner
from ltcl.engine.hooks.feature_bank_hook import extract_features, loader_in_order
from ltcl.evaluation.functional import class_geometry


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    from mmengine.registry import init_default_scope

    init_default_scope('mmpretrain')
    root = tmp_path_factory.mktemp('geometry')
    cfg = toy_config(write_images(root / 'images'), root / 'run', 'gpaco', train_cfg__max_epochs=1)
    runner = Runner.from_cfg(cfg)
    runner.train()
    cfg.dump(root / 'toy.py')
    return runner, root / 'toy.py', root / 'run' / 'epoch_1.pth'


def test_figures_of_features_and_embeddings(trained, tmp_path, call):
    runner, config, checkpoint = trained
    before = {path: path.stat().st_mtime_ns for path in checkpoint.parent.rglob('*')}
    done = call('geometry', config, checkpoint, config, checkpoint, '--out', tmp_path / 'table.csv')
    assert done.status == 0, done.err
    assert {path: path.stat().st_mtime_ns for path in checkpoint.parent.rglob('*')} == before
    table = pd.read_csv(tmp_path / 'table.csv')
    assert table['space'].tolist() == ['features', 'embeddings'] * 2
    features, labels = extract_features(runner.model, runner.build_dataloader(runner.cfg.test_dataloader))
    with torch.no_grad():
        spaces = [features, runner.model.eval().projector(features)]
    for (_, row), rows in zip(table.iterrows(), spaces, strict=False):
        expected = class_geometry(rows, labels, 3)
        assert row['min_angle'] == pytest.approx(expected['min_angle'], abs=0.06)
        assert row['uniformity'] == pytest.approx(expected['uniformity'], abs=6e-4)
        assert row['alignment'] == pytest.approx(expected['alignment'], abs=6e-4)
    assert 'min_angle' in done.out


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (('toy.py', 'typo.pth'), 'checkpoint typo.pth does not exist; training writes them to its work dir'),
        (('toy.py', 'run'), 'checkpoint run is a folder: name a file in it, such as epoch_100.pth'),
        (('typo.py', 'run/epoch_1.pth'), 'config file typo.py does not exist'),
    ],
)
def test_nothing_is_measured_before_all_files_are_there(trained, call, monkeypatch, words, reason):
    _, config, checkpoint = trained
    monkeypatch.chdir(config.parent)
    monkeypatch.setattr('ltcl.cli.geometry.measure', lambda *_, **__: pytest.fail('measured'))
    assert call('geometry', config, checkpoint, *words).mistake.startswith(f'error: {reason}')


def test_labels_without_names(trained, tmp_path, call):
    _, config, checkpoint = trained
    cfg = Config.fromfile(config)
    images = cfg.test_dataloader.dataset.data_prefix
    paths = sorted(Path(images).glob('*/*.png'))
    lines = ''.join(f'{path.relative_to(images)} {path.parent.name[-1]}\n' for path in paths)
    (tmp_path / 'list.txt').write_text(lines)
    cfg.test_dataloader.dataset.ann_file = str(tmp_path / 'list.txt')
    cfg.dump(tmp_path / 'listed.py')
    files = [tmp_path / 'named.csv', tmp_path / 'unnamed.csv']
    for each, file in zip((config, tmp_path / 'listed.py'), files, strict=True):
        done = call('geometry', each, checkpoint, '--out', file)
        assert done.status == 0, done.err
    named, unnamed = map(pd.read_csv, files)
    pd.testing.assert_frame_equal(named.drop(columns='run'), unnamed.drop(columns='run'))


def test_run_of_frozen_features_without_a_projector(images, tmp_path, call):
    config, checkpoint = frozen_files(images, tmp_path)
    done = call('geometry', config, checkpoint, '--data-root', images, '--out', tmp_path / 'table.csv')
    assert done.status == 0, done.err
    [row] = pd.read_csv(tmp_path / 'table.csv').to_dict('records')
    assert row['space'] == 'features'
    runner = Runner.from_cfg(Config.fromfile(config))
    runner.load_checkpoint(str(checkpoint))
    rows, labels = extract_features(runner.model, loader_in_order(runner.model, runner.cfg.test_dataloader))
    assert row['min_angle'] == pytest.approx(class_geometry(rows, labels, 3)['min_angle'], abs=0.06)


def test_mistakes_are_one_line(trained, call):
    _, config, checkpoint = trained
    assert call('geometry', config).mistake.startswith('error: each config needs a checkpoint after it')
    missing = call('geometry', config, checkpoint.with_name('epoch_9.pth')).mistake
    assert missing.startswith('error: checkpoint')
    nowhere = call('geometry', config, 'nothing.pth', '--out', 'nowhere/table.csv')
    assert 'there is no folder' in nowhere.err
    assert 'nothing.pth' not in nowhere.err
