"""The comparison of methods: means and spreads, and that finished runs are kept."""

import json

import pandas as pd
import pytest
from PIL import Image
from toy import toy_config, write_images

from ltcl.analysis.comparison import draw, read_run, summarise, to_markdown
from ltcl.errors import UserError


def write_report(folder, value, epoch=4):
    metrics = {f'shot/{name}': value for name in ('all', 'many', 'medium', 'few', 'worst_class')}
    entry = {'epoch': epoch, 'iter': 1, 'metrics': metrics}
    folder.mkdir(parents=True, exist_ok=True)
    report = {'unit': 'epoch', 'shot_prefix': 'shot', 'overall': 'all', 'last': entry, 'best': entry}
    (folder / 'metrics.json').write_text(json.dumps({**report, 'seconds': {'training': 90.0}}))


def test_segmentation_counts_iterations_and_its_overall_figure_is_the_mean_iou(tmp_path):
    last = {'iter': 20, 'epoch': 0, 'metrics': {'seg/mIoU': 30.0, 'seg/few': 10.0}}
    best = {'iter': 10, 'epoch': 0, 'metrics': {'seg/mIoU': 40.0}}
    report = {'unit': 'iter', 'shot_prefix': 'seg', 'overall': 'mIoU', 'last': last, 'best': best}
    (tmp_path / 'metrics.json').write_text(json.dumps({**report, 'seconds': {'training': 60.0}}))
    scored_on = 'images of the last validation'
    figures = {'all': 30.0, 'few': 10.0, 'best_all': 40.0, 'done': 20, 'minutes': 1.0, 'scored_on': scored_on}
    assert read_run(tmp_path) == figures


@pytest.mark.parametrize(
    ('minute', 'split', 'is_shown'),
    [('05', 'test', True), ('03', 'test', False), ('05', 'val', False), ('05', 'x', False)],
)
def test_the_test_after_a_training_counts(tmp_path, minute, split, is_shown):
    write_report(tmp_path / 'run', 70.0)
    report = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    (tmp_path / 'run' / 'metrics.json').write_text(json.dumps({**report, 'written': '2026-01-01T10:04:00+00:00'}))
    entry = {'epoch': None, 'metrics': {'shot/all': 60.0}}
    test = {**report, 'unit': 'test', 'split': split, 'last': entry, 'best': entry}
    moment = f'2026-01-01T11:{minute}:00+01:00'
    (tmp_path / 'run' / 'test_metrics.json').write_text(json.dumps({**test, 'written': moment}))
    found = read_run(tmp_path / 'run')
    assert (found['all'], found['best_all'], found['scored_on'] == 'test images') == (
        (60.0, None, True) if is_shown else (70.0, 70.0, False)
    )
    assert (found['done'], found['minutes']) == (4, 1.5)
    assert read_run(tmp_path / 'run', is_trained=False)['all'] == 60.0


@pytest.mark.parametrize(
    'other',
    [dict(prior='natural'), dict(calibrated_prior='validation'), dict(tta=True), dict(checkpoint='run/epoch_3.pth')],
)
def test_a_later_test_with_options_is_not_that_of_the_run(tmp_path, other):
    write_report(tmp_path, 70.0)
    (tmp_path / 'best_shot_all_epoch_2.pth').touch()
    report = json.loads((tmp_path / 'metrics.json').read_text()) | {'written': '2026-01-01T10:04:00+00:00'}
    (tmp_path / 'metrics.json').write_text(json.dumps(report))
    entry = {'epoch': None, 'metrics': {'shot/all': 60.0}}
    own = {**report, 'unit': 'test', 'checkpoint': 'run/best_shot_all_epoch_2.pth', 'last': entry, 'best': None}
    for test, expected in ((own, 60.0), (own | other, 70.0)):
        (tmp_path / 'test_metrics.json').write_text(json.dumps(test))
        assert read_run(tmp_path)['all'] == expected


def test_mean_and_sample_standard_deviation(tmp_path):
    rows = []
    for seed, value in enumerate((70.0, 72.0, 74.0)):
        write_report(tmp_path / str(seed), value)
        rows.append({'method': 'paco', 'seed': seed, **read_run(tmp_path / str(seed))})
    summary = summarise(pd.DataFrame(rows))
    assert summary.loc['paco', ('all', 'mean')] == 72.0
    assert summary.loc['paco', ('all', 'std')] == pytest.approx(2.0)
    assert summary.loc['paco', ('minutes', 'mean')] == 1.5
    lines = to_markdown(summary).splitlines()
    assert lines[0].startswith(
        '| method | all | many | medium | few | worst class | all, best epoch | training minutes'
    )
    assert lines[2].startswith('| paco | 72.0 ± 2.0 |')
    assert lines[2].endswith('| 3 |')
    draw(summary, tmp_path / 'picture.png')
    assert Image.open(tmp_path / 'picture.png').width == 8 * 150


def test_one_seed_has_no_spread():
    runs = pd.DataFrame(
        {'method': ['a', 'b', 'b'], 'seed': [0, 0, 1], 'all': [70.0, 60.0, 62.0], 'few': [None, 1.0, 1.0]}
    )
    lines = to_markdown(summarise(runs)).splitlines()
    assert lines[2:] == ['| a | 70.0 |  | 1 |', '| b | 61.0 ± 1.4 | 1.0 ± 0.0 | 2 |']


def test_run_without_a_report_is_not_finished(tmp_path):
    assert read_run(tmp_path) is None


def test_finished_runs_are_kept_and_failures_named(tmp_path, call):
    images = write_images(tmp_path / 'images')
    fine, broken = tmp_path / 'gpaco_toy.py', tmp_path / 'broken_toy.py'
    toy_config(images, tmp_path / 'unused', 'gpaco', with_report=True, train_cfg__max_epochs=1).dump(fine)
    toy_config(images, tmp_path / 'unused', 'gpaco', model__head__queue_len=1).dump(broken)
    out = tmp_path / 'out'

    def compare(*configs):
        return call('compare', *configs, '--seeds', 0, '--work-dir', out)

    first = compare(fine)
    assert first.status == 0, first.err
    assert 'training gpaco_toy, seed 0' in first.out
    lines = (out / 'comparison.md').read_text().splitlines()
    assert lines[2].startswith('| gpaco |')
    assert 'nan' not in lines[2]
    assert lines[-1] == 'In %, on the images of the last validation.'
    again = compare(fine)
    assert again.status == 0
    assert 'training' not in again.out.split('\n')[0]
    assert 'broken_toy, seed 0 ended with status 1' in compare(broken).mistake
    assert 'queue_len=1 is shorter' in (out / 'broken_toy' / 'seed0' / 'console.log').read_text()


def test_a_test_with_options_since_then_is_done_anew_without(tmp_path, call):
    """Else the mean over seeds would be of test images of some, of validation images of others."""
    path, out = tmp_path / 'gpaco_toy.py', tmp_path / 'out'
    images, others = (write_images(tmp_path / name) for name in ('images', 'others'))
    cfg = toy_config(images, tmp_path / 'unused', 'gpaco', with_report=True, train_cfg__max_epochs=1)
    cfg.test_dataloader.dataset.data_prefix = str(others)
    cfg.dump(path)
    words = ['compare', path, '--seeds', 0, '--work-dir', out]
    assert call(*words).status == 0
    table = (out / 'comparison.md').read_text()
    assert table.splitlines()[-1] == 'In %, on the test images.'
    assert call('test', out / 'gpaco_toy' / 'seed0', '--prior', 'natural').status == 0
    again = call(*words)
    assert 'training gpaco_toy, seed 0' in again.out
    assert (out / 'comparison.md').read_text() == table
    assert 'training gpaco_toy' not in call(*words).out


def test_a_run_without_figures_by_shot_group_is_named(tmp_path):
    write_report(tmp_path / 'run', 70.0)
    report = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    entry = {**report['last'], 'metrics': {'accuracy/top1': 70.0}}
    (tmp_path / 'run' / 'metrics.json').write_text(json.dumps({**report, 'last': entry, 'best': entry}))
    with pytest.raises(UserError, match=r'run has no figures by shot group: add ltcl.ShotAccuracy to val_evaluator'):
        read_run(tmp_path / 'run')


CONFIG = """model = dict(type='M')
train_cfg = dict(max_epochs=4)
val_dataloader = dict(dataset=dict(type='D', data_root='here'))
work_dir = None
"""


def finish(folder, epoch=4):
    """What a run leaves."""
    write_report(folder / 'report', 70.0, epoch)
    (folder / 'report' / 'metrics.json').rename(folder / 'metrics.json')
    (folder / 'report').rmdir()
    (folder / 'last_checkpoint').write_text(f'epoch_{epoch}.pth')


@pytest.mark.parametrize(('length', 'done', 'starts'), [(2, 2, 1), (6, 6, 1), (6, 4, 2)])
def test_the_length_that_an_option_sets_tells_whether_a_run_is_finished(
    tmp_path, call, monkeypatch, length, done, starts
):
    started = []

    def run(_, words, log):
        finish(log.parent, length if started else done)
        started.append(words)
        return 0

    monkeypatch.setattr('ltcl.launch.compared_runs.RunProcesses.run', run)
    (tmp_path / 'a_toy.py').write_text(CONFIG)
    words = ['--seeds', 0, '--work-dir', tmp_path / 'out', '--cfg-options', f'max_epochs={length}']
    for _ in range(3):
        assert call('compare', tmp_path / 'a_toy.py', *words).status == 0
    assert len(started) == starts


def test_a_config_without_validation_is_refused_before_any_work(tmp_path, call):
    (tmp_path / 'a_toy.py').write_text("model = dict(type='M')\ntrain_cfg = dict(max_epochs=4)\n")
    done = call('compare', tmp_path / 'a_toy.py', '--work-dir', tmp_path / 'out')
    assert done.mistake.endswith(
        'a_toy.py has no val_dataloader, and a comparison has the figures of a validation: add it'
    )


def test_a_run_that_did_no_validation_ends_no_other(tmp_path, call, monkeypatch):
    for name in ('none', 'good'):
        (tmp_path / f'{name}_toy.py').write_text(CONFIG)

    def run(_, words, log):
        if 'good' in words[1]:
            finish(log.parent)
        return 0

    monkeypatch.setattr('ltcl.launch.compared_runs.RunProcesses.run', run)
    configs = [tmp_path / 'none_toy.py', tmp_path / 'good_toy.py']
    done = call('compare', *configs, '--seeds', 0, '--work-dir', tmp_path / 'out')
    assert 'none_toy/seed0 has no figures: the run did no validation' in done.mistake
    assert (tmp_path / 'out' / 'comparison.md').read_text().splitlines()[2].startswith('| good | 70.0')


def test_a_run_that_fails_among_others_ends_none(tmp_path, call, monkeypatch):
    configs = [tmp_path / f'{name}_toy.py' for name in ('bad', 'worse', 'good')]
    for config in configs:
        config.write_text(CONFIG)

    def run(_, words, log):
        if 'good' in words[1]:
            finish(log.parent)
        return int('good' not in words[1])

    monkeypatch.setattr('ltcl.launch.compared_runs.RunProcesses.run', run)
    done = call('compare', *configs, '--seeds', 0, 0, '--work-dir', tmp_path / 'out')
    assert 'bad_toy, seed 0 ended with status 1' in done.mistake
    assert '1 more failed' in done.mistake
    lines = (tmp_path / 'out' / 'comparison.md').read_text().splitlines()
    assert lines[2].startswith('| good | 70.0')
    assert lines[2].endswith('| 1 |')
    assert lines[-1] == 'In %, on the images of the last validation.'
    other = call('compare', *configs, '--seeds', 0, '--work-dir', tmp_path / 'out', '--cfg-options', 'max_epochs=3')
    assert 'max_epochs: 4 then, 3 now' in other.mistake
    assert 'at least one run' in call('compare', *configs, '--jobs', 0).mistake
    with configs[2].open('a') as file:
        file.write("val_dataloader = dict(dataset=dict(type='D', data_root='elsewhere'))\n")
    call('compare', *configs, '--seeds', 0, '--work-dir', tmp_path / 'others')
    said = (tmp_path / 'others' / 'comparison.md').read_text().splitlines()[-1]
    assert said.startswith(f'Not comparable: {configs[0]} and {configs[2]} are scored on different data (data_root: ')
