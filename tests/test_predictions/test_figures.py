"""Figures of saved predictions: those of ``ltcl.ShotAccuracy`` and of scikit-learn."""

import numpy as np
import pytest
import torch
from predictions_by_chance import COUNTS, random_predictions
from sklearn import metrics

from ltcl.evaluation.metrics import ShotAccuracy
from ltcl.predictions.calibration import calibration_error
from ltcl.predictions.figures import class_rows, overall_figures, report_of


def test_figures_are_those_of_the_metric_of_a_test():
    saved = random_predictions()
    metric = ShotAccuracy(class_counts=COUNTS)
    samples = [
        dict(gt_label=torch.tensor([label]), pred_score=torch.from_numpy(scores))
        for label, scores in zip(saved.labels, saved.scores, strict=True)
    ]
    metric.process({}, samples)
    expected = {name.removeprefix('shot/'): value for name, value in metric.evaluate(len(samples)).items()}
    figures = overall_figures(saved, report_of(saved))
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert set(expected) >= {'all', 'many', 'medium', 'few', 'macro', 'geometric_mean'}


def test_other_figures():
    saved = random_predictions()
    report = report_of(saved)
    figures = overall_figures(saved, report)
    preds = saved.scores.argmax(1)
    assert figures['f1'] == pytest.approx(100 * metrics.f1_score(saved.labels, preds, average='macro'))
    area = metrics.roc_auc_score(saved.labels, saved.probabilities, multi_class='ovr', average='macro')
    assert figures['auroc'] == pytest.approx(100 * area)
    assert figures['class_spread'] == pytest.approx(100 * report.recall.std())
    assert figures['macro_low'] < figures['macro'] < figures['macro_high']
    is_many = saved.labels < 2
    confidence, is_right = saved.probabilities.max(1)[is_many], (preds == saved.labels)[is_many]
    assert figures['ece_many'] == pytest.approx(100 * calibration_error(confidence, is_right))
    assert figures['log_loss'] == pytest.approx(metrics.log_loss(saved.labels, saved.probabilities), rel=1e-6)


def test_rows_of_classes():
    saved = random_predictions()
    rows = class_rows(saved, report_of(saved))
    assert [row['group'] for row in rows] == ['many', 'many', 'medium', 'few']
    assert [row['train_count'] for row in rows] == list(COUNTS)
    for row in rows:
        is_own = saved.labels == row['class_index']
        assert row['recall'] == pytest.approx(100 * (saved.scores.argmax(1)[is_own] == row['class_index']).mean())
        assert row['recall_low'] < row['recall'] < row['recall_high']
        assert row['confused_with'] != row['class_name']


def test_without_counts_labels_or_images():
    saved = random_predictions(counts=(-1, -1, -1))
    figures = overall_figures(saved, report_of(saved))
    assert not {'many', 'ece_many'} & set(figures)
    assert class_rows(saved, report_of(saved))[0]['train_count'] is None
    nothing = saved._replace(labels=np.full(200, -1)).labelled()
    assert overall_figures(nothing, report_of(nothing)) == {'images': 0}
    assert class_rows(nothing, report_of(nothing))[0]['recall'] is None
