"""What a run leaves behind, and what of it survives a resume."""

import csv
import json
import os
import signal
import subprocess

import pytest
from mmengine.hooks import Hook
from odd_names import ODD_NAMES
from pictures import bars, lines
from PIL import Image
from toy import CLASS_COUNTS, toy_config

from ltcl.analysis import per_class_figure
from ltcl.analysis.git_state import git_state
from ltcl.analysis.report_files import write_report
from ltcl.analysis.report_table import print_report
from ltcl.analysis.run_record import RunRecord, best_entry
from ltcl.analysis.run_report import build_report, images_tested
from ltcl.analysis.training_figure import TrainingCurves
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.engine.recorded_metrics import find_shot_metric, scalars
from ltcl.neutral_text import from_csv_cell, visible


class StopAt(Hook):
    def __init__(self, iteration):
        self.iteration = iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            os.kill(os.getpid(), signal.SIGTERM)


def config(images, work_dir, **changes):
    return toy_config(images, work_dir, 'gpaco', with_report=True, train_cfg__val_interval=1, **changes)


def read(folder, name='metrics.json'):
    return json.loads((folder / name).read_text())


def test_files_and_figures(images, tmp_path, capsys, saved_figures):
    runner = Runner.from_cfg(config(images, tmp_path))
    runner.train()
    report = read(tmp_path)
    assert [entry['epoch'] for entry in report['history']] == [1, 2, 3, 4]
    assert report['last'] == report['history'][-1]
    assert report['best']['metrics']['shot/all'] == max(entry['metrics']['shot/all'] for entry in report['history'])
    assert report['seed'] == 0
    assert 0 < report['seconds']['training'] < report['seconds']['total']
    assert 'ltcl.PaCoHead' in report['config']
    rows = list(csv.DictReader((tmp_path / 'per_class.csv').open()))
    assert [int(row['train_count']) for row in rows] == list(CLASS_COUNTS)
    assert [row['class_name'] for row in rows] == ['class_0', 'class_1', 'class_2']
    shares = [float(row['accuracy']) * int(row['test_count']) for row in rows]
    assert sum(shares) / sum(CLASS_COUNTS) == pytest.approx(report['last']['metrics']['shot/all'])
    for name in ('per_class.png', 'training_curves.png'):
        assert min(Image.open(tmp_path / name).size) > 300
    per_class, curves = saved_figures
    assert bars(per_class.axes[0]) == {i: pytest.approx(float(row['accuracy'])) for i, row in enumerate(rows)}
    assert bars(per_class.axes[1]) == dict(enumerate(CLASS_COUNTS))
    scores = [entry['metrics']['shot/all'] for entry in report['history']]
    assert lines(curves.axes[2])[f'all: {scores[-1]:.1f}'] == ([1, 2, 3, 4], scores)
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert lines(curves.axes[0])['loss'][1] == pytest.approx(losses.tolist(), rel=1e-6)
    printed = capsys.readouterr().out
    assert 'worst class' in printed
    assert str(tmp_path) in printed


def test_history_and_times_survive_a_stop(images, tmp_path):
    stopped = Runner.from_cfg(config(images, tmp_path))
    stopped.register_hook(StopAt(12))
    with pytest.raises(TrainingStopped):
        stopped.train()
    before = read(tmp_path)
    assert [entry['epoch'] for entry in before['history']] == [1, 2]
    Runner.from_cfg(config(images, tmp_path, resume=True)).train()
    after = read(tmp_path)
    assert after['run'] == before['run']
    assert after['history'][:2] == before['history']
    assert [entry['epoch'] for entry in after['history']] == [1, 2, 3, 4]
    assert after['seconds']['training'] > before['seconds']['training']


def test_a_picture_that_cannot_be_drawn_ends_no_run(images, tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError('no fonts')

    monkeypatch.setattr(per_class_figure, 'per_class_figure', broken)
    Runner.from_cfg(config(images, tmp_path, train_cfg__max_epochs=1)).train()
    assert read(tmp_path)['last']['epoch'] == 1
    assert (tmp_path / 'per_class.csv').exists()
    assert not (tmp_path / 'per_class.png').exists()


def entry(iteration, value):
    return {'epoch': iteration, 'iter': iteration, 'metrics': {'shot/all': value}}


def test_best_is_the_earliest_of_equals():
    history = [entry(1, 50.0), entry(2, 70.0), entry(3, 70.0)]
    assert best_entry(history, 'shot/all')['iter'] == 2
    assert best_entry(history, 'shot/many') is None


def test_resumed_record_takes_the_validation_its_checkpoint_missed():
    record = RunRecord(run='a', history=[entry(1, 50.0)])
    report = {'run': 'a', 'history': [entry(1, 50.0), entry(2, 60.0), entry(3, 70.0)], 'per_class': []}
    record.catch_up(report, max_iter=2)
    assert [each['iter'] for each in record.history] == [1, 2]
    record.catch_up({**report, 'run': 'b'}, max_iter=3)
    assert len(record.history) == 2


def test_validations_are_the_same_ones_in_epochs_of_another_length():
    told = [{**entry(epoch, 50.0 + epoch), 'iter': 5 * epoch} for epoch in (1, 2, 3)]
    row = {'class_name': 'a', 'accuracy': 53.0, 'best_accuracy': 53.0}
    report = {'run': 'a', 'history': told, 'last': told[-1], 'best': told[-1], 'per_class': [row]}
    for length in (2, 5, 9):
        record = RunRecord(run='a', history=told[:2], best_iter=10)
        record.recount(length)
        assert record.best_iter == 2 * length
        record.catch_up(report, 2 * length + 1, length)
        assert len(record.history) == 2
        record.catch_up(report, 3 * length, length)
        assert [(each['epoch'], each['iter']) for each in record.history] == [
            (1, length),
            (2, 2 * length),
            (3, 3 * length),
        ]
        assert (record.best_iter, record.best_scores) == (3 * length, [53.0])


def test_curves_are_means_over_runs_of_iterations():
    curves = TrainingCurves({'loss': list(range(10))}, num_iters=30, iters_per_epoch=10)
    middles, means = curves.binned('loss', max_points=5)
    assert means.tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert middles.tolist() == pytest.approx([2.1, 2.3, 2.5, 2.7, 2.9])


def test_metric_that_is_no_finite_number_is_left_out():
    assert scalars({'a': float('nan'), 'b': 1.5, 'c': 'text', 'd': [1.0, 2.0]}) == {'b': 1.5}


def test_loop_without_an_evaluator_has_no_shot_metric():
    assert find_shot_metric(None) is None
    assert find_shot_metric(object()) is None


def test_report_takes_every_name_and_gives_it_back(tmp_path, capsys):
    record = RunRecord('a', [entry(1, 50.0)])
    size = len(ODD_NAMES)
    per_class = {'class_name': ODD_NAMES, 'train_count': [9] * size, 'accuracy': [-0.5] * size, 'group': ['few'] * size}
    record.per_class = per_class
    report = build_report(record, 'epoch', None, 'shot', 'accuracy', 'all', (20, 100))
    files = write_report(report, tmp_path)
    print_report(report, [tmp_path / '[red]\x1b[31m' / 'metrics.json'])
    assert [row['class_name'] for row in read(tmp_path)['per_class']] == ODD_NAMES
    with files[1].open(encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [from_csv_cell(row['class_name']) for row in rows] == [visible(name, '\n\t') for name in ODD_NAMES]
    assert {row['accuracy'] for row in rows} == {'-0.5'}
    printed = capsys.readouterr().out
    assert '\x1b' not in printed
    assert '[red]\\x1b[31m: metrics.json' in printed


def test_worst_class_is_one_name_or_how_many(capsys):
    for scores, cell in (([0.0, 0.0, 5.0, None], '2 of 3 classes at 0.00'), ([1.0, 9.0, 5.0, None], 'c0 1.00')):
        worst = {'epoch': 1, 'iter': 1, 'metrics': {'shot/all': 50.0, 'shot/worst_class': min(scores[:3])}}
        per_class = {
            'class_name': ['c0', 'c1', 'c2', 'c3'],
            'train_count': [9] * 4,
            'test_count': [600, 600, 34, 0],
            'accuracy': scores,
            'group': ['few'] * 4,
        }
        record = RunRecord('a', [worst], per_class)
        report = build_report(record, 'test', None, 'shot', 'accuracy', 'all', (20, 100))
        print_report(report, [])
        assert cell in capsys.readouterr().out
        assert images_tested(report) == '1,234 test images'
        assert images_tested({**report, 'counted': 'pixels', 'unit': 'iter'}) == 'the validation images'
        assert images_tested({**report, 'split': 'val'}) == '1,234 validation images'
        assert images_tested({**report, 'split': 'more\x1b birds'}) == '1,234 images of more\\x1b birds'


def test_commit_of_a_repository_whose_folder_is_not_utf8(tmp_path):
    folder = tmp_path / 'th\udce9'
    folder.mkdir()
    git = ['git', '-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b']
    for words in (['init', '-q'], ['commit', '-q', '--allow-empty', '-m', 'x']):
        subprocess.run([*git, *words], check=True)
    assert len(git_state(folder)['commit']) == 40


@pytest.mark.parametrize(
    ('chosen', 'rule', 'expected'),
    [
        ('shot/macro', 'greater', 'shot/macro'),
        ('shot/macro', None, 'shot/macro'),
        ('shot/macro', 'less', 'shot/all'),
        (['shot/macro', 'shot/few'], None, 'shot/all'),
    ],
)
def test_best_is_told_by_the_metric_of_the_best_checkpoint(images, tmp_path, chosen, rule, expected):
    changes = dict(train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg = toy_config(images, tmp_path, 'cross_entropy', with_report=True, **changes)
    cfg.default_hooks.checkpoint.update(save_best=chosen, rule=rule)
    Runner.from_cfg(cfg).train()
    assert json.loads((tmp_path / 'metrics.json').read_text())['best_by'] == expected
