"""Predictions of many images and classes: their figures are those of all at once, and hold a part at a time."""

import numpy as np
import pytest
from peak_memory import peak

from ltcl.predictions import SavedPredictions, analysis, load_predictions, save_predictions, saved, score_rows
from ltcl.predictions.calibration import classwise_calibration_error, log_loss
from ltcl.predictions.class_report import class_report
from ltcl.predictions.figures import overall_figures, report_of
from ltcl.predictions.sweeps import adjusted, figures_of

IMAGES, CLASSES = 4000, 400


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    generator = np.random.default_rng(0)
    labels = generator.integers(-1, CLASSES - 1, IMAGES)  # of some images it is not known, and one class has none
    scores = generator.normal(size=(IMAGES, CLASSES)).astype(np.float32) * 3
    scores[np.arange(IMAGES), labels] += 6
    names, counts = [f'c{label}' for label in range(CLASSES)], np.arange(CLASSES, 0, -1)
    path = tmp_path_factory.mktemp('large') / 'predictions.npz'
    save_predictions(path, SavedPredictions(scores, np.maximum(labels, 0), [''] * IMAGES, names, counts))
    return path


@pytest.fixture
def kept(path, monkeypatch):
    """What was saved, on the disk; blocks are small, so that there are many of them."""
    monkeypatch.setattr(score_rows, 'BLOCK', 2**14)
    monkeypatch.setattr(saved, 'LARGE', 2**16)
    found = load_predictions(path)
    assert isinstance(found.scores, np.memmap)
    return found


def test_figures_are_those_of_all_scores_at_once(kept, path, monkeypatch):
    report, expected = report_of(kept), class_report(kept.probabilities, kept.labels)
    for name, values in expected._asdict().items():
        np.testing.assert_array_equal(getattr(report, name), values, err_msg=name)
    found = overall_figures(kept, report)
    assert found['classwise_ece'] == pytest.approx(100 * classwise_calibration_error(kept.probabilities, kept.labels))
    assert found['log_loss'] == log_loss(kept.probabilities, kept.labels)
    monkeypatch.setattr(score_rows, 'BLOCK', 2**40)
    monkeypatch.setattr(saved, 'LARGE', 2**40)
    whole = load_predictions(path)
    assert not isinstance(whole.scores, np.memmap)
    assert overall_figures(whole, report) == pytest.approx(found, rel=1e-12)
    np.testing.assert_array_equal(adjusted(kept, 1.0).scores, adjusted(whole, 1.0).scores)


def test_figures_hold_a_part_of_the_scores(kept, path):
    whole = kept.scores.nbytes
    assert peak(lambda: load_predictions(path).labelled()) < whole / 3
    report = report_of(kept)
    assert peak(lambda: overall_figures(kept, report)) < whole / 3
    assert peak(lambda: report_of(kept)) < whole / 3 + 3 * report.confusion.nbytes
    # Of a change of the scores one copy is held, in the type of the scores.
    assert peak(lambda: figures_of(adjusted(kept, 1.0))) < 1.3 * whole


def test_a_change_of_scores_leaves_the_file(kept, path):
    kept.scores[0] = 7.0
    assert (load_predictions(path).scores[0] != 7.0).any()


def test_a_large_confusion_matrix_is_written_by_its_entries(kept, monkeypatch):
    monkeypatch.setattr(analysis, 'sweeps', lambda *given: [])
    full = np.array(analysis.analyse(kept)['confusion'])
    assert full.shape == (CLASSES, CLASSES)
    monkeypatch.setattr(analysis, 'MOST_IN_FULL', CLASSES - 1)
    truths, answers, images = np.array(analysis.analyse(kept)['confusion']).T
    assert full.sum() == images.sum() == IMAGES
    np.testing.assert_array_equal(full[truths, answers], images)
