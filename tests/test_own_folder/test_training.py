"""`ltcl train DATA`: what it makes of a folder, says, writes, and does when it is called again."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from image_contents import damage, encode
from locks import is_locked, when_locked
from mmengine.config import Config
from own_training import ODD_NAME, OPTIONS
from toy import write_images

from ltcl import LongTailClassifier
from ltcl.checkpoints.reading import load_from_local
from ltcl.datasets import OwnImages
from ltcl.errors import UserError
from ltcl.launch.config_values import images_of
from ltcl.neutral_text import csv_text, from_csv_cell
from ltcl.own_folder import training
from ltcl.own_folder.choosing import validation_interval
from ltcl.own_folder.config_file import IMAGES, is_same, work_dir_of
from ltcl.own_folder.measuring import worst_of
from ltcl.own_folder.result import Column, Result, _cell, next_commands
from ltcl.own_folder.resumed import check_resumed
from ltcl.predictions import load_predictions
from ltcl.report.run_files import read_curves


def last_metrics(folder):
    return json.loads((folder / 'metrics.json').read_text())['last']['metrics']


def rows_of(folder):
    """Rows of the classifier in the best checkpoint."""
    return load_from_local(next(folder.glob('best_*.pth')))['state_dict']['head.fc.weight']


def test_result_has_both_classifiers_and_the_figures_of_the_tail(work_dir):
    result = Result.read(work_dir)
    ours, compared = result.columns
    assert (ours.title, compared.title) == ('balanced softmax, cosine', 'cross entropy on the same features')
    for column in (ours, compared):
        assert column.figures.keys() == {'all', 'all_natural', 'macro', 'macro_balanced', 'few', 'worst_class'}
    assert 'validation images' in result.measured_on
    report = json.loads((work_dir / 'test_metrics.json').read_text())
    assert report['config_file'] is None  # the checkpoint carries it
    tested = report['last']['metrics']
    assert ours.figures['macro'] == pytest.approx(tested['shot/macro'], abs=1e-3)
    assert compared.figures['all'] == compared.figures['all_natural']  # cross entropy answers for the natural mix
    assert ours.figures['macro'] == ours.figures['macro_balanced']


@pytest.mark.parametrize('hook', ['', 'default_hooks.run_report=None'])
def test_answers_of_a_folder_without_a_test_part_are_of_the_validation(call, work_dir, tmp_path, hook):
    options = ('--cfg-options', hook) if hook else ()
    assert call('test', work_dir, '--work-dir', tmp_path, '--out', tmp_path / 'out.npz', *options) == 0
    assert load_predictions(tmp_path / 'out.npz').split == 'val'
    if not hook:
        assert 'on 3 validation images' in (tmp_path / 'report.html').read_text()


def test_the_best_checkpoint_is_that_of_the_mean_over_classes(work_dir):
    [best] = work_dir.glob('best_*.pth')
    assert best.name.startswith('best_shot_macro_epoch_')
    assert json.loads((work_dir / 'metrics.json').read_text())['best_by'] == 'shot/macro'


def test_the_model_predicts_and_knows_its_classes(work_dir, data):
    model = LongTailClassifier.load(work_dir)
    assert model.classes == [ODD_NAME, 'class_0', 'class_2']
    predictions = model.predict(data, top=1)
    assert len(predictions) == 19
    assert all(each.error is None for each in predictions)


@pytest.mark.parametrize('prior', ['natural', 'estimate', 'FILE'])
def test_test_predict_and_python_answer_alike_for_a_class_mix(call, work_dir, tmp_path, prior):
    shares = tmp_path / 'shares.csv'
    shares.write_text(csv_text(['class', 'share'], [(ODD_NAME, 0.1), ('class_0', 0.2), ('class_2', 0.7)]))
    prior = shares if prior == 'FILE' else prior
    out = ('--work-dir', tmp_path, '--out', tmp_path / 'out.npz', '--cfg-options', 'test_dataloader.num_workers=1')
    assert call('test', work_dir, '--prior', prior, *out) == 0
    tested = load_predictions(tmp_path / 'out.npz')
    answers = LongTailClassifier.load(work_dir).predict(tested.paths.tolist(), top=3, prior=str(prior))
    probabilities = torch.from_numpy(tested.scores).softmax(1)
    for each, expected in zip(answers, probabilities, strict=True):
        found = dict(zip(each.classes, each.probabilities, strict=True))
        assert [found[name] for name in tested.classes] == pytest.approx(expected.tolist(), abs=1e-6)
    table = tmp_path / 'predictions.csv'
    assert call('predict', work_dir, *tested.paths, '--prior', prior, '--out', table) == 0
    rows = {row['path']: row for row in csv.DictReader(table.open(newline=''))}
    told = [(from_csv_cell(rows[path]['class']), float(rows[path]['probability'])) for path in tested.paths]
    assert told == [(each.classes[0], pytest.approx(each.probabilities[0], abs=1e-6)) for each in answers]


def test_the_classifier_of_frozen_features_is_a_cosine_one_behind_a_hidden_layer(work_dir):
    config = Config.fromfile(work_dir / 'config.py')
    head, neck = config.model.head, config.model.neck
    assert (neck.type, neck.hidden, head.type, head.scale) == ('ltcl.FeatureMLP', 512, 'ltcl.CosineClsHead', 16)
    assert 'class_mean_start' not in config.default_hooks
    assert config.optim_wrapper.optimizer.lr == pytest.approx(0.05 * config.train_dataloader.batch_size / 32)


def test_the_written_config_trains_to_the_same_result(call, work_dir, tmp_path):
    text = (work_dir / 'config.py').read_text()
    assert text.startswith('# ltcl train ')
    assert '\n# tail: from 10 (class_0) to 1 (class_2), imbalance factor 10' in text
    assert call('train', work_dir / 'config.py', '--work-dir', tmp_path) == 0
    assert last_metrics(tmp_path) == last_metrics(work_dir)


def test_a_work_dir_is_held_until_the_result_is_written(call, data, tmp_path, monkeypatch):
    held = []
    for name in ('_earlier_result', 'measure'):
        monkeypatch.setattr(training, name, when_locked(getattr(training, name), tmp_path, held))
    monkeypatch.setattr(Result, 'save', when_locked(Result.save, tmp_path, held))
    assert call('train', data, '--work-dir', tmp_path, *OPTIONS, '--epochs', '1') == 0
    assert held == [True, True, True]
    assert not is_locked(tmp_path)


def test_a_finished_training_is_shown_again(call, data, copied, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in copied.iterdir()}
    assert call('train', data, '--work-dir', copied, *OPTIONS) == 0
    assert {path.name: path.stat().st_mtime_ns for path in copied.iterdir()} == before
    printed = capsys.readouterr().out
    assert 'here is its result' in printed
    assert 'cross entropy on the' in printed
    assert f'\nreport: {copied}/report.html\nnext:\n' in printed
    (copied / 'report.html').unlink()
    assert call('train', data, '--work-dir', copied, *OPTIONS) == 0
    assert 'report:' not in capsys.readouterr().out


@pytest.mark.slow
def test_other_options_keep_the_earlier_run_apart(call, data, copied, capsys):
    words = ('train', data, '--work-dir', copied, '--image-size', '32', '--epochs', '1', '--method', 'cross-entropy')
    assert call(*words) == 0
    assert f'holds another run: its files are now in {copied}/previous_1' in capsys.readouterr().out
    apart = {path.name for path in (copied / 'previous_1').iterdir()}
    assert {'config.py', 'result.json', 'epoch_2.pth', 'metrics.json', 'test_metrics.json'} <= apart
    assert {entry['epoch'] for entry in read_curves(copied)} == {1}
    assert {entry['epoch'] for entry in read_curves(copied / 'previous_1')} == {1, 2}
    [column] = Result.read(copied).columns
    assert column.title == 'cross entropy'


def test_another_spelling_of_the_folder_is_the_same_training(call, data, copied, monkeypatch, capsys):
    monkeypatch.chdir(data.parent)
    for spelled in (f'{data}/', data.name, f'./{data.name}/'):
        assert call('train', spelled, '--work-dir', copied, *OPTIONS) == 0
        assert 'here is its result' in capsys.readouterr().out


def test_dry_run_leaves_another_run_where_it_is(call, data, copied, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in copied.iterdir()}
    assert call('train', data, '--work-dir', copied, *OPTIONS, '--lr', '0.1', '--dry-run') == 0
    assert 'holds another run, which stays as it is' in capsys.readouterr().out
    assert Config.fromfile(copied / 'dry_run.py').optim_wrapper.optimizer.lr == 0.1
    assert {path.name: path.stat().st_mtime_ns for path in copied.iterdir() if path.name != 'dry_run.py'} == before


def test_a_file_that_was_exchanged_makes_other_images(call, data, copied, tmp_path, capsys):
    """The result of a training is that of its images, and who resumes is told that they have changed."""
    changed = shutil.copytree(data, tmp_path / 'changed')
    words = ('train', changed, '--work-dir', tmp_path / 'run', '--dry-run', *OPTIONS)
    assert call(*words) == 0
    text = (tmp_path / 'run' / 'config.py').read_text()
    first, second = sorted((changed / 'class_0').iterdir())[:2]
    assert first.stat().st_size != second.stat().st_size
    first.write_bytes(second.read_bytes())
    assert call(*words) == 0
    assert not is_same(tmp_path / 'run' / 'config.py', text)
    config = (copied / 'config.py').read_text()
    [line] = [line for line in config.splitlines() if line.startswith(IMAGES)]
    words = SimpleNamespace(resume='auto', work_dir=str(copied), config=str(data))
    check_resumed(words, config)
    assert not capsys.readouterr().err
    check_resumed(words, config.replace(line, f'{IMAGES}0'))
    assert 'have changed since this run began' in capsys.readouterr().err


def test_another_model_cannot_be_resumed_and_leaves_the_run_as_it_is(call, data, copied, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in copied.iterdir()}
    words = ('--work-dir', copied, *OPTIONS, '--method', 'cross-entropy', '--resume')
    assert call('train', data, *words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert 'has another model than these options ask for' in line
    assert {path.name: path.stat().st_mtime_ns for path in copied.iterdir()} == before


def test_all_damaged_images_are_told_before_anything_is_computed(call, data, tmp_path, capsys):
    damaged = shutil.copytree(data, tmp_path / 'damaged')
    (damaged / 'class_0' / 'empty.jpg').touch()
    (damaged / 'class_2' / 'page.jpg').write_text('<html>404</html>')
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for kind in ('jpeg', 'png'):  # their first and last bytes are as they should be
        (damaged / 'class_2' / f'middle.{kind}').write_bytes(damage(encode(pixels, kind), bytes(512)))
    assert call('train', damaged, '--work-dir', tmp_path / 'run', *OPTIONS) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: 4 of 23 images cannot be read, such as ')
    listed = (tmp_path / 'run' / 'broken_images.txt').read_text().splitlines()
    names = ['empty.jpg', 'middle.jpeg', 'middle.png', 'page.jpg']
    assert [each.split('\t')[0].rpartition('/')[2] for each in listed] == names
    assert re.fullmatch(r'.*middle.jpeg\tdamaged in the middle: .*', listed[1])
    subprocess.run(line.split('`')[1], shell=True, check=True)
    assert call('train', damaged, '--work-dir', tmp_path / 'run', *OPTIONS, '--dry-run') == 0


def test_an_empty_class_is_told(call, data, tmp_path, capsys):
    (shutil.copytree(data, tmp_path / 'more') / 'wombat').mkdir()
    assert call('train', tmp_path / 'more', '--work-dir', tmp_path / 'run', *OPTIONS, '--dry-run') == 0
    assert 'classes without a training image, which cannot be learned: wombat' in capsys.readouterr().out


def test_a_stopped_training_goes_on(call, data, copied, capsys):
    expected = Result.read(copied)
    (copied / 'epoch_2.pth').unlink()
    (copied / 'result.json').unlink()
    assert call('train', data, '--work-dir', copied, *OPTIONS) == 0
    assert 'has the beginning of this training: it goes on from there' in capsys.readouterr().out
    assert Result.read(copied).columns == expected.columns
    assert (copied / 'epoch_2.pth').exists()
    assert not (copied / 'previous_1').exists()


def test_a_training_without_a_checkpoint_has_no_beginning(call, data, copied, capsys):
    for path in [*copied.glob('*.pth'), copied / 'result.json']:
        path.unlink()
    (copied / 'not_finite.json').write_text('{}')
    assert call('train', data, '--work-dir', copied, *OPTIONS) == 0
    printed = capsys.readouterr().out
    assert 'expected on this machine' in printed
    assert 'goes on from there' not in printed
    assert (copied / 'previous_1' / 'not_finite.json').is_file()


def test_dry_run_writes_the_config_alone(call, data, tmp_path, capsys):
    words = (*OPTIONS, '--tune', 'full', '--dry-run', '--patience', '1', '--cache-images')
    assert call('train', data, '--work-dir', tmp_path / 'run', *words) == 0
    assert {path.name for path in (tmp_path / 'run').iterdir()} <= {'config.py', '.lock'}
    printed = capsys.readouterr().out
    assert 'expected on this machine' in printed
    assert 'the training ends when macro has not risen for 1 epochs' in printed
    written = (tmp_path / 'run' / 'config.py').read_text()
    assert 'ltcl.PatienceHook' in written
    assert 'ltcl.SharedImagesHook' in written


def test_what_lies_in_an_entry_of_the_command_line_stays_as_it_says(call, data, tmp_path):
    """Not only an entry that is named to its end."""
    given = {
        'optim_wrapper.optimizer': 'dict(lr=0.3)',
        'train_cfg': 'dict(val_interval=7)',
        'default_hooks.checkpoint': 'dict(interval=8)',
        'default_hooks.logger': 'dict(interval=9)',
    }
    options = [f'{key}={value}' for key, value in given.items()]
    words = ('--work-dir', tmp_path / 'run', *OPTIONS, '--dry-run', '--cfg-options', *options)
    assert call('train', data, *words) == 0
    cfg = Config.fromfile(tmp_path / 'run' / 'config.py')
    assert cfg.optim_wrapper.optimizer.lr == 0.3
    hooks = cfg.default_hooks
    assert (cfg.train_cfg.val_interval, hooks.checkpoint.interval, hooks.logger.interval) == (7, 8, 9)


def test_images_of_one_origin_stay_on_one_side(call, data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with (tmp_path / 'origins.csv').open('w', newline='') as file:
        csv.writer(file).writerows([path.relative_to(data), path.stem] for path in data.rglob('*.png'))
    words = ('--work-dir', tmp_path / 'run', *OPTIONS, '--dry-run', '--groups')
    for source in ('origins.csv', r'/([^/]*)\.png'):
        assert call('train', data, *words, source) == 0, capsys.readouterr().err
        cfg = Config.fromfile(tmp_path / 'run' / 'config.py')
        parts = [images_of(cfg[f'{part}_dataloader'].dataset) for part in ('train', 'val', 'test')]
        assert {part.groups for part in parts} == {str(Path(source).absolute()) if 'csv' in source else source}
        sets = [OwnImages(data, part.split, groups=part.groups) for part in parts[:2]]
        train, val = ({Path(image['img_path']).stem for image in images} for images in sets)
        assert train
        assert val
        assert not train & val


@pytest.mark.parametrize('option', ['--groups x', '--val-share 0.2', '--cfg-options val_share=0.2 split_seed=0'])
def test_options_of_a_draw_are_refused_beside_a_part_for_validation(call, data, tmp_path, capsys, option):
    divided = tmp_path / 'divided'
    for part in ('train', 'val'):
        shutil.copytree(data, divided / part)
    assert call('train', divided, '--work-dir', tmp_path / 'run', *OPTIONS, '--dry-run', *option.split()) == 1
    [line] = capsys.readouterr().err.splitlines()
    named = option.rpartition(' ')[0].partition('=')[0]
    assert line == f'error: {named}: {divided} has a part for validation, so nothing is drawn: leave it out'


def test_more_classes(call, data, work_dir, tmp_path, capsys):
    more = shutil.copytree(data, tmp_path / 'more')
    write_images(tmp_path / 'new', (5,))
    (tmp_path / 'new' / 'class_0').rename(more / 'another')  # in front of all others
    run = tmp_path / 'run'
    assert call('train', more, '--from', work_dir, '--work-dir', run, '--epochs', '1', '--lr', '1e-9') == 0
    printed = capsys.readouterr()
    assert 'new classes: another' in printed.out
    assert 'starts from the means of 1 of 4 classes' in printed.out + printed.err
    warning = f'warning: the validation is drawn anew, and {work_dir} may have been trained on some of its images'
    assert warning in printed.err
    old, new = (rows_of(each) for each in (work_dir, run))
    model = LongTailClassifier.load(run)
    assert model.classes == [ODD_NAME, 'another', 'class_0', 'class_2']
    np.testing.assert_allclose(new[[0, 2, 3]], old, atol=1e-5)
    assert np.linalg.norm(new[1]) == pytest.approx(1, abs=1e-5)  # a mean of unit length


@pytest.mark.slow
def test_a_run_on_cached_features_goes_on_with_its_encoder(call, data, work_dir, tmp_path, capsys):
    run = tmp_path / 'run'
    words = ('--from', work_dir, '--tune', 'full', '--work-dir', run, '--epochs', '1', '--lr', '1e-12')
    assert call('train', data, *words) == 0
    assert 'full, images of 32 px' in capsys.readouterr().out
    assert Config.fromfile(run / 'config.py').model.backbone.type == 'ltcl.TimmBackbone'
    before, after = (load_from_local(next(each.glob('best_*.pth')))['state_dict'] for each in (work_dir, run))
    assert len(before) == len(after)
    for name, value in before.items():
        if 'running' not in name and 'num_batches' not in name:
            np.testing.assert_allclose(after[name.replace('backbone.encoder.', 'backbone.')], value, atol=1e-6)


def test_the_run_to_go_on_with_stays_where_it_is(call, data, copied, monkeypatch, capsys):
    before = sorted(copied.iterdir())
    for start in (copied, copied / 'epoch_2.pth'):
        capsys.readouterr()
        assert call('train', data, '--from', start, '--work-dir', copied) == 1
        assert f'the work dir {copied} has the run to go on with' in capsys.readouterr().err
    assert sorted(copied.iterdir()) == before
    monkeypatch.chdir(copied.parent)
    (copied.parent / 'work_dirs').symlink_to('.')
    args = SimpleNamespace(config='data/my run', start_from='my run/epoch_2.pth', work_dir=None, resume=None)
    assert work_dir_of(args) == 'work_dirs/my run_2'
    args.config = 'data/others'
    assert work_dir_of(args) == 'work_dirs/others'
    args.resume = 'my run'
    with pytest.raises(UserError, match='the work dir my run has the run to go on with'):
        work_dir_of(args)


def test_a_run_that_is_named_by_its_folder_goes_on_there(call, data, copied, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert call('train', data, '--image-size', '32', '--epochs', '3', '--resume', copied) == 0
    assert 'Accuracy (%) on the 3 validation images' in capsys.readouterr().out
    assert (copied / 'epoch_3.pth').is_file()
    assert Result.read(copied) is not None
    assert not list(copied.glob('previous_*'))
    assert not (tmp_path / 'work_dirs').exists()


def test_a_finished_run_is_measured_where_it_is_and_nowhere_else(call, data, copied, tmp_path, capsys):
    (copied / 'result.json').unlink()
    assert call('train', data, *OPTIONS, '--resume', copied) == 0
    assert Result.read(copied) is not None
    capsys.readouterr()
    assert call('train', data, *OPTIONS, '--resume', copied, '--work-dir', tmp_path / 'new') == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f'--resume {copied} has reached its end, so nothing is trained into {tmp_path}/new: raise --epochs' in line
    assert f"`ltcl test '{copied}'`" in line


@pytest.mark.slow
def test_the_way_of_tuning_that_the_run_has_is_no_change(call, data, work_dir, tmp_path):
    written = []
    for words in ((), ('--tune', 'frozen')):
        run = tmp_path / f'run{len(words)}'
        assert call('train', data, '--from', work_dir, '--work-dir', run, '--dry-run', *words) == 0
        written.append(Config.fromfile(run / 'config.py').to_dict())
    assert written[0] == written[1]


@pytest.mark.slow
def test_class_means_need_no_training(call, data, tmp_path, capsys):
    run = tmp_path / 'run'
    words = ('train', data, '--method', 'ncm', '--work-dir', run, '--image-size', '32')
    assert call(*words, '--epochs', '3') == 1
    assert (
        '--method ncm trains nothing, its classes are means of features: leave --epochs out' in capsys.readouterr().err
    )
    assert call(*words) == 0
    result = Result.read(run)
    assert result.columns[0].title == 'nearest class mean'
    assert result.measured_on == f'the 3 validation images of {data}'  # there are no epochs to choose of
    np.testing.assert_allclose(np.linalg.norm(rows_of(run), axis=1), 1, atol=1e-5)


def test_the_worst_classes_are_counted():
    metric = SimpleNamespace(per_class=dict(accuracy=np.array([np.nan, 0, 50, 0]), class_name=list('abcd')))
    assert worst_of(metric) == ('b', 1)
    assert worst_of(SimpleNamespace(per_class=dict(accuracy=np.array([np.nan]), class_name=['a']))) == ('', 0)
    assert _cell(Column('x', {'worst_class': 0.0}, 'b', 1), 'worst_class') == 'b and 1 more 0.0'


@pytest.mark.parametrize(('epochs', 'every'), [(26, 2), (20, 1), (3, 1), (45, 3)])
def test_a_run_has_twenty_validations_at_most(epochs, every):
    assert validation_interval(epochs) == every


def test_a_class_that_is_gone_is_told(call, data, work_dir, tmp_path, capsys):
    fewer = shutil.copytree(data, tmp_path / 'fewer')
    shutil.rmtree(fewer / ODD_NAME)
    assert call('train', fewer, '--from', work_dir, '--work-dir', tmp_path / 'run') == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: there are no training images of =1+1, "x", which the model knows')


def test_commands_are_quoted():
    assert next_commands('my run', "it's")[0] == """ltcl predict 'my run' 'it'"'"'s' --out predictions.csv"""
    assert next_commands('run', 'data')[1] == 'ltcl test run --prior natural'
    assert next_commands('run', 'data', knows_mix=False)[1] == 'ltcl calibrate run'


def test_the_command_line_does_not_count_as_a_change(tmp_path):
    (tmp_path / 'config.py').write_text('# ltcl train a\n# 3 classes\nx = 1\n')
    assert is_same(tmp_path / 'config.py', '# ltcl train a --resume\n# 3 classes\nx = 1\n')
    assert not is_same(tmp_path / 'config.py', '# ltcl train a\n# 4 classes\nx = 1\n')
