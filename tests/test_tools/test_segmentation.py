"""Segmentation from the config to the report: train, resume, test, one process and two."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import bars, lines, ticks
from PIL import Image
from resume_checks import train
from toy_scenes import CLASS_COUNTS, NUM_IMAGES, SMALL, toy_scenes_config, write_toy_scenes

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.fashion_mnist.scenes import CLASSES, PALETTE
from ltcl.predictions.saved_scenes import load_scenes
from ltcl.report.class_rows import class_rows
from ltcl.report.run_files import read_run

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}
(CECO,) = [path for path in SMALL if path.stem.startswith('ceco_')]
FILES = ('metrics.json', 'per_class.csv', 'per_class.png', 'training_curves.png', 'predictions.png')


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_toy_scenes(tmp_path_factory.mktemp('scenes'))


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.stem.partition('_')[0])
def test_small_config_trains(path, scenes, tmp_path):
    runner = Runner.from_cfg(toy_scenes_config(path, scenes, tmp_path, train_cfg__max_iters=2))
    before = {name: value.clone() for name, value in runner.model.named_parameters() if value.requires_grad}
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    after = dict(runner.model.named_parameters())
    assert all(after[name].isfinite().all() and not after[name].equal(before[name]) for name in before)
    branch_losses = {name for name in runner.message_hub.log_scalars if name.startswith('train/decode.loss_')}
    method = path.stem.partition('_')[0]
    expected = {
        'gpaco': {'gpaco'},
        'gpaco-lovasz': {'gpaco', 'lovasz'},
        'region-rebalance': {'region'},
        'ceco': {'region'},
    }.get(method, set())
    assert branch_losses == {f'train/decode.loss_{name}' for name in {'ce', *expected}}


def test_stop_resume_report_and_test(scenes, tmp_path, capsys, saved_figures):
    changes = dict(with_report=True, train_cfg__val_interval=3)
    with pytest.raises(TrainingStopped):
        train(toy_scenes_config(CECO, scenes, tmp_path, **changes), stop_at=3)
    trained = train(toy_scenes_config(CECO, scenes, tmp_path, resume=True, **changes))
    report = json.loads((tmp_path / 'metrics.json').read_text())
    assert [entry['iter'] for entry in report['history']] == [3, 6]
    assert (report['unit'], report['score'], report['overall']) == ('iter', 'IoU', 'mIoU')
    last = report['last']['metrics']
    rows = list(csv.DictReader((tmp_path / 'per_class.csv').open()))
    assert [row['class_name'] for row in rows] == list(CLASSES)
    assert [int(row['train_count']) for row in rows] == CLASS_COUNTS
    iou = np.array([float(row['IoU']) for row in rows])
    assert last['seg/mIoU_classes'] == len(CLASSES)
    assert last['seg/mIoU'] == pytest.approx(iou.mean(), abs=0.006)
    for group in ('many', 'medium', 'few'):
        assert last[f'seg/{group}'] == pytest.approx(iou[[row['group'] == group for row in rows]].mean())
    assert all((tmp_path / name).stat().st_size > 0 for name in FILES)
    check_report_pictures(saved_figures[-3:], report, scenes)
    printed = capsys.readouterr().out
    assert all(words in printed for words in ('IoU (%)', 'mIoU', '11 of 11', 'few (< 3 images', 'last iter (6)'))

    cfg = toy_scenes_config(CECO, scenes, tmp_path, with_report=True, load_from=str(tmp_path / 'iter_6.pth'))
    cfg.model.decode_head.branches.region.class_counts = 'no-such-file.json'  # the checkpoint has the counts
    tested = Runner.from_cfg(cfg).test()
    assert tested == pytest.approx(trained.val_loop.run())
    check_predictions(saved_figures[-2:], scenes)
    assert json.loads((tmp_path / 'test_metrics.json').read_text())['last']['metrics'] == last


def check_report_pictures(figures: list, report: dict, scenes: Path) -> None:
    """The classes' IoU, the validations and the first pictures are drawn, each as it is in the report and the data."""
    check_predictions(figures, scenes)
    per_class, curves = (figure for figure in figures if not figure.axes[0].images)
    by_size = sorted(report['per_class'], key=lambda row: -row['train_count'])
    assert bars(per_class.axes[0]) == {i: pytest.approx(row['IoU']) for i, row in enumerate(by_size)}
    assert ticks(per_class.axes[1]) == [row['class_name'] for row in by_size]
    scores = [entry['metrics']['seg/mIoU'] for entry in report['history']]
    assert lines(curves.axes[2])[f'mIoU: {scores[-1]:.1f}'] == ([3, 6], scores)


def check_predictions(figures: list, scenes: Path) -> None:
    (figure,) = (figure for figure in figures if figure.axes[0].images)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    assert len(shown) == 3 * NUM_IMAGES['val']
    palette = np.array(PALETTE)
    for number in range(NUM_IMAGES['val']):
        picture, truth, predicted = shown[3 * number : 3 * number + 3]
        files = [scenes / folder / 'val' / f'{number}.png' for folder in ('img_dir', 'ann_dir')]
        image, labels = (np.asarray(Image.open(path)) for path in files)
        np.testing.assert_array_equal(picture, np.stack([image] * 3, axis=2))
        np.testing.assert_array_equal(truth, palette[labels])
        assert (predicted[:, :, None] == palette).all(-1).any(-1).all()


def run(*command, expect=0):
    result = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == expect, result.stdout + result.stderr
    return result


def test_two_processes_train_and_one_tests(scenes, tmp_path, call):
    config = tmp_path / 'config.py'
    options = dict(with_report=True, train_dataloader__batch_size=2, train_cfg__max_iters=4)
    toy_scenes_config(CECO, scenes, tmp_path / 'run', **options).dump(config)
    printed = run('bash', 'tools/dist_train.sh', config, 2).stdout
    assert 'OneDL' not in printed
    report = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    assert max(row['test_count'] for row in report['per_class']) == NUM_IMAGES['val']  # no image is counted twice
    checkpoint = tmp_path / 'run' / 'iter_4.pth'
    assert call('test', config, checkpoint).status == 0
    tested = json.loads((tmp_path / 'run' / 'test_metrics.json').read_text())
    assert tested['last']['metrics'] == report['last']['metrics']
    assert call('test', config, checkpoint, '--out', tmp_path / 'a.npz').status == 0
    pictures = [tmp_path / 'run' / f'{name}_predictions.png' for name in ('test', 'val')]
    before = pictures[0].stat().st_mtime_ns
    assert call('test', config, checkpoint, '--split', 'val').status == 0
    assert pictures[1].is_file()
    assert pictures[0].stat().st_mtime_ns == before
    assert load_scenes(tmp_path / 'run' / 'val_predictions.npz').split == 'val'
    saved = load_scenes(tmp_path / 'a.npz')
    rows = class_rows(read_run(tmp_path / 'run', tmp_path / 'a.npz'))
    iou = {row.index: row.figures['recall'] for row in rows}
    assert iou == {row['class_index']: pytest.approx(row['IoU'], abs=1e-4) for row in tested['per_class']}
    assert len(saved.paths) == NUM_IMAGES['val']
    assert (tmp_path / 'run' / 'report.html').read_text().count('data:image/png') == 2 * len(saved.area_entries) > 0
    assert 'model_wrapper_cfg' in load_from_local(checkpoint)['meta']['cfg']
