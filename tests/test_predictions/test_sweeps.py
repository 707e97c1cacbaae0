"""Sweeps: each change of the scores, and that validation predictions alone choose."""

import json

import numpy as np
import pytest
from predictions_by_chance import COUNTS, random_predictions
from scipy.special import softmax

from ltcl.errors import UserError
from ltcl.predictions import save_predictions
from ltcl.predictions.calibration import log_loss
from ltcl.predictions.sweeps import TEMPERATURES, adjusted, answering_for, sweeps, tempered

FREQUENCIES = np.array(COUNTS) / sum(COUNTS)


def biased(seed, split='test', factor=1.0):
    """Answers of a model that adds the log of the class frequencies where the images are balanced."""
    saved = random_predictions(seed, 600)
    scores = factor * (saved.scores + np.log(FREQUENCIES))
    return saved._replace(scores=scores.astype(np.float32), split=split)


def test_changes_of_the_scores():
    saved = biased(0)
    expected = softmax(saved.scores - np.log(FREQUENCIES), 1)
    np.testing.assert_allclose(softmax(adjusted(saved, 1.0).scores, 1), expected, rtol=1e-5)
    np.testing.assert_allclose(softmax(answering_for(saved, 'balanced').scores, 1), expected, rtol=1e-5)
    assert answering_for(saved, 'natural').scores == pytest.approx(saved.scores)
    assert tempered(saved, 2).scores == pytest.approx(saved.scores / 2)


def test_validation_images_choose():
    test, val = biased(0, factor=3), biased(1, 'val', factor=3)
    by_name = {sweep.name: sweep for sweep in sweeps(test, val)}
    assert by_name['prior'].chosen == 'balanced'
    assert by_name['tau'].chosen > 1
    losses = [log_loss(tempered(val, value).probabilities, val.labels) for value in TEMPERATURES]
    assert by_name['temperature'].chosen == TEMPERATURES[int(np.argmin(losses))] > 1
    before, after = (
        next(row for row in by_name['tau'].rows if row['value'] == value) for value in (0.0, by_name['tau'].chosen)
    )
    assert after['few'] > before['few']
    # Other test images change no choice.
    assert [sweep.chosen for sweep in sweeps(biased(2, factor=0.1), val)] == [
        sweep.chosen for sweep in sweeps(test, val)
    ]


def test_without_validation_images_nothing_is_chosen():
    assert [sweep.chosen for sweep in sweeps(biased(0))] == [None, None, None]


def test_what_is_not_known_is_not_swept():
    saved = biased(0)
    assert [sweep.name for sweep in sweeps(saved._replace(frequency_power=np.nan))] == ['temperature', 'tau']
    assert [sweep.name for sweep in sweeps(saved._replace(class_counts=np.full(4, -1)))] == ['temperature']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(classes=np.array(list('abcd'))), 'other classes'),
        (dict(checkpoint='run/epoch_2'), 'of run/epoch_2, the test predictions of run/epoch_1'),
        (dict(frequency_power=0.0), 'for the class mix balanced, the test predictions for natural'),
        (dict(frequency_power=0.5), 'of power 0.5'),
        (dict(frequency_power=np.nan), 'for the class mix that is not known'),
        ({}, 'are those of the test images'),
    ],
)
def test_validation_predictions_that_do_not_fit(changes, message):
    with pytest.raises(UserError, match=message):
        sweeps(biased(0), biased(0, 'val')._replace(**changes))


FILES = np.array([f'{number}.jpg' for number in range(600)])


@pytest.mark.parametrize(
    ('paths', 'of_val', 'difference', 'is_same'),
    [
        (None, None, 3e-6, True),  # of another batch size
        (FILES, FILES, 1.0, True),  # of another resolution
        (FILES, FILES[::-1], 3e-6, True),  # under other names
        (FILES, FILES[::-1], 1.0, False),
        (None, None, 1.0, False),
    ],
)
def test_images_are_known_by_their_files_or_else_by_their_scores(paths, of_val, difference, is_same):
    test = biased(0)
    paths, of_val = (test.paths if each is None else each for each in (paths, of_val))
    val = test._replace(scores=test.scores + np.float32([difference, 0, 0, 0]), paths=of_val)
    if is_same:
        with pytest.raises(UserError, match='are those of the test images'):
            sweeps(test._replace(paths=paths), val)
    else:
        assert sweeps(test._replace(paths=paths), val)[0].chosen is not None


def test_the_command(call, tmp_path):
    save_predictions(tmp_path / 'predictions.npz', biased(0))
    save_predictions(tmp_path / 'val.npz', biased(1, 'val'))
    status, printed, errors = call('analyze', tmp_path, '--val', tmp_path / 'val.npz', '--bounds', 10, 200)
    assert (status, errors) == (0, '')
    record = json.loads((tmp_path / 'analysis.json').read_text())
    assert [sweep['chosen'] is not None for sweep in record['sweeps']] == [True] * 3
    assert f'tau: {record["sweeps"][1]["chosen"]} has the best macro on the validation images' in printed
    assert [row['group'] for row in record['per_class']] == ['many', 'medium', 'medium', 'few']
    assert np.sum(record['confusion']) == record['overall']['images'] == 600
    assert len((tmp_path / 'analysis_classes.csv').read_text().splitlines()) == 5
    assert call('analyze', tmp_path / 'predictions.npz')[1].count('nothing is chosen') == 3


@pytest.mark.parametrize(
    ('reports', 'words', 'groups'),
    [
        ({}, [], ['many', 'many', 'medium', 'few']),
        (dict(test_metrics=(2, 60), metrics=(2, 3)), [], ['many', 'many', 'medium', 'medium']),
        (dict(metrics=(60, 150)), [], ['many', 'medium', 'medium', 'few']),
        (dict(metrics=None), [], ['many', 'many', 'medium', 'few']),  # of something else
        (dict(metrics=(60, 150)), ['--bounds', 1, 1], ['many', 'many', 'many', 'many']),
    ],
)
def test_shot_groups_are_those_of_the_report_beside_them(call, tmp_path, reports, words, groups):
    save_predictions(tmp_path / 'predictions.npz', biased(0))
    for name, bounds in reports.items():
        report = dict(shot_prefix='shot', per_class=[], unit='test', last=None, bounds=bounds)
        (tmp_path / f'{name}.json').write_text(json.dumps(report if bounds else {}))
    out = tmp_path / 'out'
    out.mkdir()
    done = call('analyze', tmp_path / 'predictions.npz', '--out', out, *words)
    assert done.status == 0, done.err
    record = json.loads((out / 'analysis.json').read_text())
    assert [row['group'] for row in record['per_class']] == groups


def test_mistakes_are_told_in_one_line(call, tmp_path):
    status, printed, errors = call('analyze', tmp_path)
    assert (status, printed, errors.count('\n')) == (1, '', 1)
    assert f'error: {tmp_path}/predictions.npz is no file: `ltcl test RUN --out' in errors
    assert 'the smaller one first' in call('analyze', tmp_path, '--bounds', 9, 3)[2]
    save_predictions(tmp_path / 'predictions.npz', biased(0)._replace(labels=np.full(600, -1)))
    assert 'has no image whose class is known' in call('analyze', tmp_path)[2]
    val = tmp_path / 'val.npz'
    save_predictions(tmp_path / 'predictions.npz', biased(0))
    save_predictions(val, biased(1, 'val')._replace(frequency_power=0.0))
    assert (
        f'error: {tmp_path} with --val {val}: the validation predictions' in call('analyze', tmp_path, '--val', val)[2]
    )
    assert 'is no folder' in call('analyze', tmp_path, '--out', tmp_path / 'none')[2]
