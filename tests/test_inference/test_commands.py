"""ltcl predict, ltcl embed and ltcl test RUN: files, exit statuses, messages."""

import csv
import json
import re
import shutil
from unittest.mock import ANY

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from own_folders import touch
from PIL import Image
from toy import toy_config, write_images

from ltcl import LongTailClassifier, LongTailSegmenter
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import save_whole
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Mixes
from ltcl.inference.runs import read_run
from ltcl.launch import load_config
from ltcl.launch.config_values import fill_num_classes
from ltcl.predictions import load_predictions

FORMULA = '=1+1, "x"\ny'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Images in folders, one of a name that a CSV file must quote."""
    root = write_images(tmp_path_factory.mktemp('data'))
    (root / 'class_2').rename(root / FORMULA)
    return root


@pytest.fixture(scope='module')
def run(data, tmp_path_factory):
    init_default_scope('mmpretrain')
    folder = tmp_path_factory.mktemp('run')
    Runner.from_cfg(toy_config(data, folder, 'paco', train_cfg__max_epochs=1, train_cfg__val_interval=1)).train()
    return folder


def rows_of(path):
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_predictions_as_csv_and_json(call, run, data, tmp_path):
    out = tmp_path / 'predictions.csv'
    status, printed, errors = call('predict', run, data, '--out', out, '--top', 9)
    assert (status, printed) == (0, '')
    assert '40 images in' in errors
    rows = rows_of(out)
    names = [f'{name}{rank}' for rank in ('', '_2', '_3') for name in ('class', 'probability')]
    assert list(rows[0]) == ['path', *names]
    predictions = LongTailClassifier.load(run).predict(data)
    for row, each in zip(rows, predictions, strict=True):
        assert row['path'] == each.path
        assert [row[name].removeprefix("'") for name in names[::2]] == list(each.classes)
        assert [np.float32(row[name]) for name in names[1::2]] == [np.float32(value) for value in each.probabilities]
    assert f'"\'{FORMULA}"'.replace('"x"', '""x""') in out.read_text()
    assert call('predict', run, data, '--out', tmp_path / 'predictions.json')[0] == 0
    entries = json.loads((tmp_path / 'predictions.json').read_text())
    assert [each['class'] for each in entries] == [each.classes[0] for each in predictions]
    assert {len(each['classes']) for each in entries} == {1}
    assert entries[0]['error'] is None


def test_a_mix_of_the_names_in_the_table(call, run, data, tmp_path):
    """What was predicted, counted in a spreadsheet, is a mix to answer for and shows in the analysis."""
    table, shares, tested = tmp_path / 'predictions.csv', tmp_path / 'shares.csv', tmp_path / 'predictions.npz'
    call('predict', run, data, '--out', table, '--top', 3)
    names = {rows_of(table)[0][name] for name in ('class', 'class_2', 'class_3')}
    with shares.open('w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([['class', 'share'], *((name, 0 if 'class' in name else 1) for name in names)])
    assert call('predict', run, data, '--prior', shares, '--out', table)[0] == 0
    assert {row['class'] for row in rows_of(table)} == {f"'{FORMULA}"}
    assert call('test', run, '--split', 'val', '--prior', shares, '--out', tested, '--work-dir', tmp_path)[0] == 0
    status, _, errors = call('analyze', tested)
    assert status == 0, errors
    assert {f"'{FORMULA}"} < {row['class_name'] for row in rows_of(tmp_path / 'analysis_classes.csv')}


def test_ctrl_c_keeps_what_is_done(call, run, data, tmp_path, monkeypatch):
    answers, calls = LongTailClassifier._answers, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return answers(*args)

    out = tmp_path / 'predictions.csv'
    assert call('predict', run, data, '--out', out, '--batch-size', 2)[0] == 0
    whole = rows_of(out)
    out.unlink()
    monkeypatch.setattr(LongTailClassifier, '_answers', interrupted)
    status, _, errors = call('predict', run, data, '--out', out, '--batch-size', 2)
    assert status == 130
    assert f'stopped: 2 of {len(whole)} images are answered' in errors
    assert rows_of(tmp_path / 'predictions.partial.csv') == whole[:2]
    assert not out.exists()


def stop_after(monkeypatch, batches: int) -> None:
    """Have Ctrl-C come at the batch after so many."""
    encoded, calls = LongTailClassifier._encoded, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) > batches:
            raise KeyboardInterrupt
        return encoded(*args)

    monkeypatch.setattr(LongTailClassifier, '_encoded', interrupted)


def test_ctrl_c_keeps_what_an_estimate_has_read(call, run, data, tmp_path, monkeypatch):
    images = sorted((data / 'class_0').iterdir())[:2]
    few = tmp_path / 'few.csv'
    assert call('predict', run, *images, '--prior', 'estimate', '--out', few, '--batch-size', 2)[0] == 0
    stop_after(monkeypatch, batches=1)
    words = 'predict', run, *images, data / 'class_1', '--prior', 'estimate', '--batch-size', 2, '--num-workers', 0
    status, _, errors = call(*words, '--out', tmp_path / 'all.csv')
    assert status == 130
    assert 'stopped: 2 of ' in errors
    assert rows_of(tmp_path / 'all.partial.csv') == rows_of(few)  # the mix is that of the images that were read
    assert not (tmp_path / 'all.csv').exists()


def test_ctrl_c_keeps_the_features_that_are_computed(call, run, data, tmp_path, monkeypatch):
    words = 'embed', run, data, '--batch-size', 2, '--num-workers', 0, '--out', tmp_path / 'features.npz'
    assert call(*words)[0] == 0
    whole = dict(np.load(tmp_path / 'features.npz'))
    (tmp_path / 'features.npz').unlink()
    stop_after(monkeypatch, batches=2)
    status, _, errors = call(*words)
    assert status == 130
    assert f'stopped: 4 of {len(whole["paths"])} images are encoded' in errors
    found = np.load(tmp_path / 'features.partial.npz')
    assert found['paths'].tolist() == whole['paths'][:4].tolist()
    assert np.array_equal(found['features'], whole['features'][:4])
    assert not (tmp_path / 'features.npz').exists()


def test_without_out_the_table_is_printed(call, run, data):
    image = next((data / 'class_1').iterdir())
    status, printed, _ = call('predict', run / 'epoch_1.pth', image, '--reject', 1, '--prior', 'natural')
    header, row = printed.splitlines()
    assert status == 0
    assert header == '"path","class","probability"'
    assert row.startswith(f'"{image}",')
    [image_again, label, probability] = next(csv.reader([row]))
    assert (image_again, label) == (str(image), '')
    assert 0 < float(probability) < 1


def test_an_unreadable_image_is_listed_and_the_others_answered(call, run, data, tmp_path):
    (tmp_path / 'text.txt').write_text('no image')
    (tmp_path / 'cut.png').write_bytes(b'\x89PNG')
    good = next((data / 'class_0').iterdir())
    words = run, good, tmp_path / 'text.txt', tmp_path / 'cut.png'
    status, printed, errors = call('predict', *words)
    assert status == 4
    assert printed.count('\n') == 4
    assert f'"{tmp_path}/text.txt","",""' in printed.replace(',,', ',"",""')
    assert f'cannot read {tmp_path}/cut.png' in errors
    assert '2 images could not be read; all others' in errors
    status, _, errors = call('embed', *words, '--out', tmp_path / 'features.npz')
    assert status == 4
    with np.load(tmp_path / 'features.npz') as file:
        assert file['features'].shape == (1, 16)
        assert file['paths'].tolist() == [str(good)]
        assert str(file['model']).endswith('/best_shot_all_epoch_1')
    status, _, errors = call('predict', run, tmp_path / 'text.txt')
    assert status == 1
    assert errors.startswith('error: none of the 1 images can be read, such as')


@pytest.mark.parametrize(
    ('words', 'status', 'message'),
    [
        (['predict', 'nowhere', 'IMAGE'], 1, 'nowhere does not exist: name the work dir of a training'),
        (['predict', 'EMPTY', 'IMAGE'], 1, 'has no checkpoint: name the work dir'),
        (['predict', 'CONFIG', 'IMAGE'], 1, 'is a config: name the work dir'),
        (['predict', 'RUN', 'EMPTY'], 1, 'has no image that can be read here'),
        (['predict', 'RUN', 'nowhere.jpg'], 1, 'nowhere.jpg does not exist: name an image'),
        (['predict', 'RUN', 'IMAGE', '--out', 'table.xls'], 2, 'table.xls must end in .csv or .json'),
        (['predict', 'RUN', 'IMAGE', '--out', 'no/folder/a.csv'], 2, 'there is no folder'),
        (['predict', 'RUN', 'IMAGE', '--out', '/proc/a.csv'], 2, 'cannot write /proc/a.csv'),
        (['predict', 'RUN', 'IMAGE', '--out', 'TABLE'], 2, r'table\.csv \(it is a folder\)'),
        (['predict', 'RUN', 'IMAGE', '--table', 'TABLE'], 2, r'table\.csv \(it is a folder\)'),
        (['embed', 'RUN', 'IMAGE', '--out', 'FEATURES'], 2, r'features\.npz \(it is a folder\)'),
        (['test', 'RUN', '--out', 'FEATURES'], 1, r'features\.npz cannot be written \(it is a folder\)'),
        (['predict', 'RUN', 'IMAGE', '--top', '0'], 2, '0 is no whole number from 1 on'),
        (['predict', 'RUN', 'IMAGE', '--reject', '1.5'], 2, '1.5 is no number of 0..1'),
        (['predict', 'RUN', 'IMAGE', '--prior', 'naturel'], 2, 'naturel is none of natural, balanced, estimate'),
        (['predict', 'OLD', 'IMAGE'], 1, 'does not carry its config, .* --config FILE'),
        (['predict', 'SEG', 'IMAGE'], 1, 'SEG.pth is a segmentation, .* name a folder, --out FOLDER'),
        (['predict', 'RUN', 'IMAGE', '--out', 'masks'], 1, 'masks must end in .csv or .json: .* classifies'),
        (['embed', 'SEG', 'IMAGE', '--out', 'features.npz'], 1, 'is a checkpoint of segmentation: LongTailSegmenter'),
        (['predict', 'CODE', 'IMAGE'], 1, 'names code, not a registered part'),
        (['predict', 'CUT', 'IMAGE'], 1, 'CUT.pth is damaged'),
        (['embed', 'RUN', 'IMAGE', '--out', 'features.csv'], 2, 'must end in .npz'),
        (['test', 'RUN', 'nowhere'], 1, 'nowhere does not exist: name a folder of images'),
        (['test', 'my_config.py'], 2, 'a config needs a CHECKPOINT after it'),
    ],
)
def test_mistakes_are_one_line(call, run, data, tmp_path, words, status, message):
    checkpoint = load_from_local(run / 'epoch_1.pth')
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'config.py').touch()
    places = dict(RUN=run, EMPTY=tmp_path / 'empty', CONFIG=tmp_path / 'config.py')
    places['IMAGE'] = data / 'class_0' / '0.png'
    for name in ('table.csv', 'features.npz'):
        places[name.partition('.')[0].upper()] = tmp_path / name
        (tmp_path / name).mkdir()
    for name, change in CHANGES.items():
        if name in words:
            changed = {**checkpoint, 'meta': change(checkpoint['meta'])}
            save_whole(tmp_path / f'{name}.pth', changed)
            places[name] = tmp_path / f'{name}.pth'
    if 'CUT' in words:
        shutil.copy(run / 'epoch_1.pth', tmp_path / 'CUT.pth')
        with (tmp_path / 'CUT.pth').open('r+b') as file:
            file.seek(2000)
            file.write(b'XXXX')
        places['CUT'] = tmp_path / 'CUT.pth'
    found, _, errors = call(*[places.get(word, word) for word in words])
    assert found == status
    [line] = errors.splitlines()
    assert line.startswith('error: ')
    assert re.search(message, line), line


def test_a_classifier_is_no_segmenter(run):
    with pytest.raises(UserError, match=r'epoch_1\.pth is a checkpoint of a classifier of images: LongTailClassifier'):
        LongTailSegmenter.load(run / 'epoch_1.pth')


def without_config(meta):
    return {name: value for name, value in meta.items() if name != 'config'}


def with_decode_head(meta):
    config = dict(meta['config'], default_scope='mmseg', model=dict(type='EncoderDecoder', decode_head={}))
    return {**meta, 'config': config}


def with_code(meta):
    config = dict(meta['config'])
    config['model'] = dict(config['model'], backbone=dict(type='os.system', command='touch hacked'))
    return {**meta, 'config': config}


CHANGES = dict(OLD=without_config, SEG=with_decode_head, CODE=with_code)


def test_an_older_checkpoint_needs_its_config(call, run, data, tmp_path):
    checkpoint = load_from_local(run / 'epoch_1.pth')
    save_whole(tmp_path / 'old.pth', {**checkpoint, 'meta': without_config(checkpoint['meta'])})
    [config] = run.glob('*.py')
    expected = call('predict', run / 'epoch_1.pth', data)[1]
    assert call('predict', tmp_path / 'old.pth', data, '--config', config)[1] == expected


def test_a_file_that_names_no_classes_has_those_of_the_folder(tmp_path):
    folder = touch(tmp_path / 'animals', *(f'{name}/{i}.png' for name in ('ant', 'bee', 'cat') for i in range(3)))
    save_whole(tmp_path / 'a.ltcl.pth', dict(meta=dict(converted_from='torchvision'), state_dict={}))
    cfg = load_config('configs/custom/cross-entropy_resnet50_1xb32-100e_own-images.py')
    cfg.merge_from_dict({f'{part}_dataloader.dataset.data_root': str(folder) for part in ('train', 'val', 'test')})
    cfg.dump(tmp_path / 'own.py')
    assert read_run(tmp_path / 'a.ltcl.pth', tmp_path / 'own.py').classes == ['ant', 'bee', 'cat']
    fill_num_classes(cfg)
    cfg.dump(tmp_path / 'own.py')
    assert read_run(tmp_path / 'a.ltcl.pth', tmp_path / 'own.py').classes == ['ant', 'bee', 'cat']
    folder.rename(tmp_path / 'elsewhere')
    assert read_run(tmp_path / 'a.ltcl.pth', tmp_path / 'own.py').classes == ['0', '1', '2']


def test_without_a_best_checkpoint_the_newest_is_taken(call, run, data, tmp_path):
    shutil.copy(run / 'epoch_1.pth', tmp_path)
    assert LongTailClassifier.load(tmp_path).run.path == tmp_path / 'epoch_1.pth'
    shutil.copy(tmp_path / 'epoch_1.pth', tmp_path / 'best_shot_few_epoch_1.pth')
    shutil.copy(tmp_path / 'epoch_1.pth', tmp_path / 'best_shot_few_epoch_11.pth')
    assert LongTailClassifier.load(tmp_path).run.path.name == 'best_shot_few_epoch_11.pth'
    shutil.copy(tmp_path / 'epoch_1.pth', tmp_path / 'best_shot_all_epoch_1.pth')
    assert 'has the best checkpoints of several metrics: name one' in call('predict', tmp_path, data)[2]


def scores_of(call, tmp_path, *words):
    """Class and probability of each file by ``ltcl test``."""
    assert call('test', *words, '--work-dir', tmp_path, '--out', tmp_path / 'out.npz') == (0, ANY, ANY)
    saved = load_predictions(tmp_path / 'out.npz')
    return dict(zip(saved.paths.tolist(), saved.probabilities.max(axis=1).tolist(), strict=True))


@pytest.mark.parametrize('prior', [None, 'natural', 'estimate'])
def test_a_run_is_tested_by_itself(call, run, data, tmp_path, prior):
    words = ['--prior', prior] if prior else []
    predictions = LongTailClassifier.load(run).predict(data, prior=prior)
    found = scores_of(call, tmp_path, run, *words)
    assert found == pytest.approx({each.path: each.probabilities[0] for each in predictions}, rel=1e-5)


def test_a_folder_that_is_called_test_is_not_the_test_of_the_run(call, run, data, tmp_path):
    shutil.copytree(data, tmp_path / 'test')
    scores_of(call, tmp_path, run, tmp_path / 'test')
    assert load_predictions(tmp_path / 'out.npz').split == f'{tmp_path.name}/test'


def test_a_run_is_tested_on_another_folder(call, run, data, tmp_path):
    other = tmp_path / 'other'
    for name in ('class_1', FORMULA):  # labels stay those of the training, though a class is missing
        shutil.copytree(data / name, other / name)
    predictions = LongTailClassifier.load(run).predict(other)
    expected = {each.path: each.probabilities[0] for each in predictions}
    assert scores_of(call, tmp_path, run, other) == pytest.approx(expected, rel=1e-6)
    saved = load_predictions(tmp_path / 'out.npz')
    labels = {path.split('/')[-2]: label for path, label in zip(saved.paths.tolist(), saved.labels, strict=True)}
    assert labels == {FORMULA: 0, 'class_1': 2}
    assert (saved.split, saved.checkpoint) == ('other', f'{run.name}/best_shot_all_epoch_1')
    assert saved.class_counts.tolist() == [4, 24, 12]
    assert saved.classes.tolist() == [FORMULA, 'class_0', 'class_1']


@pytest.mark.parametrize(('prior', 'power'), [('natural', 1), ('balanced', 0), ('estimate', np.nan)])
def test_the_file_tells_which_class_mix_it_answers_for(call, run, tmp_path, prior, power):
    scores_of(call, tmp_path, run, '--split', 'val', '--prior', prior)
    saved = load_predictions(tmp_path / 'out.npz')
    assert saved.split == 'val'
    assert saved.frequency_power == pytest.approx(power, nan_ok=True)


def test_validation_images_or_those_of_a_folder(call, run, data):
    assert '--split val names the validation images' in call('test', run, data, '--split', 'val')[2]


def test_checkpoints_carry_what_a_model_needs(run):
    meta = load_from_local(run / 'best_shot_all_epoch_1.pth')['meta']
    assert meta['class_counts'] == [4, 24, 12]  # in the order of the names
    assert meta['config']['model']['head']['type'] == 'ltcl.PaCoHead'
    assert meta['config']['test_dataloader']['dataset']['pipeline'][-1] == {'type': 'PackInputs'}
    assert isinstance(torch.load(run / 'epoch_1.pth', weights_only=True), dict)


def test_a_single_image(call, run, tmp_path):
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / 'a.jpg')
    status, printed, _ = call('predict', run, tmp_path / 'a.jpg')
    assert status == 0
    assert len(printed.splitlines()) == 2


def test_a_test_reports_both_class_mixes(call, run, data, tmp_path):
    report = "default_hooks.run_report=dict(_delete_=True,type='ltcl.RunReportHook')"
    status, printed, errors = call('test', run, '--split', 'val', '--work-dir', tmp_path, '--cfg-options', report)
    assert status == 0, errors
    assert 'Accuracy (%) on 40 validation images' in printed
    metrics = json.loads((tmp_path / 'val_metrics.json').read_text())['last']['metrics']
    right = [
        each.classes[0] == each.path.split('/')[-2]
        for each in LongTailClassifier.load(run).predict(data, prior='natural')
    ]
    assert metrics['shot/all_natural'] == pytest.approx(100 * sum(right) / len(right), abs=1e-5)
    assert metrics['shot/macro_balanced'] == pytest.approx(metrics['shot/macro'])
    assert 'all, for the natural class mix' in printed
    assert 'macro, for the balanced class mix' in printed


def test_a_test_of_other_images_leaves_that_of_the_run_alone(call, run, data, tmp_path):
    report = "default_hooks.run_report=dict(_delete_=True,type='ltcl.RunReportHook')"
    options = ('--work-dir', tmp_path / 'work', '--cfg-options', report)
    other = shutil.copytree(data, tmp_path / 'new' / 'test')
    next((other / 'class_0').iterdir()).unlink()
    assert call('test', run, *options).status == 0
    before = {path: path.read_bytes() for path in (tmp_path / 'work').glob('*.*') if path.stem != 'test_config'}
    assert {'test_metrics.json', 'predictions.npz', 'report.html'} <= {path.name for path in before}
    for words, images, name in (
        (('--split', 'val'), '40 validation', 'val'),
        ((other,), '39 images of test', 'new-test'),
    ):
        done = call('test', run, *words, *options)
        assert done.status == 0, done.err
        written = [tmp_path / 'work' / f'{name}_{file}' for file in ('metrics.json', 'per_class.csv', 'report.html')]
        assert all(path.is_file() for path in written)
        assert all(path.name in done.out.replace('\n', '') for path in written)
        assert load_predictions(tmp_path / 'work' / f'{name}_predictions.npz').split == name.replace('-', '/')
        assert images in written[-1].read_text()
    assert {path: path.read_bytes() for path in before} == before


def test_an_estimate_that_cannot_be_made_is_refused_before_the_test(call, run, tmp_path, monkeypatch):
    def compute(runner):
        raise AssertionError('images were computed')

    unknown = Mixes(['a', 'b', 'c'], None, 1.0, 'PaCoHead')
    monkeypatch.setattr('ltcl.engine.hooks.prior_hook.mixes_of', lambda runner, calibration: unknown)
    monkeypatch.setattr('ltcl.engine.hooks.prior_hook._all_logits', compute)
    done = call('test', run, '--prior', 'estimate', '--work-dir', tmp_path)
    assert done.status == 1
    assert 'its mix is not known: leave prior out' in done.err


def test_a_report_tells_the_class_mix_of_its_test(call, run, tmp_path):
    report = "default_hooks.run_report=dict(_delete_=True,type='ltcl.RunReportHook')"
    words = ['--split', 'val', '--prior', 'balanced', '--work-dir', tmp_path]
    status, printed, errors = call('test', run, *words, '--cfg-options', report)
    assert status == 0, errors
    assert 'Accuracy (%) on 40 validation images, for the class mix balanced' in ' '.join(
        printed.split()
    )  # the title is wrapped
    told = json.loads((tmp_path / 'val_metrics.json').read_text())
    assert (told['prior'], told['tta']) == ('balanced', False)
    assert 'validation images, for the class mix balanced' in (tmp_path / 'val_report.html').read_text()
