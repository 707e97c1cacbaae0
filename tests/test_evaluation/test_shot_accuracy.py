"""The metric as an evaluator uses it, on one process and on two."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from processes import run_processes

from ltcl.errors import UserError
from ltcl.evaluation import ShotAccuracy

COUNTS = [200, 50, 5]
PREDS, LABELS = [0, 0, 1, 2, 2, 0], [0, 0, 1, 1, 2, 2]
EXPECTED = {
    'shot/all': 400 / 6,
    'shot/many': 100.0,
    'shot/medium': 50.0,
    'shot/few': 50.0,
    'shot/macro': 200 / 3,
    'shot/worst_class': 50.0,
    'shot/harmonic_mean': 60.0,
    'shot/geometric_mean': 100 * 0.25 ** (1 / 3),
}


def samples(preds=PREDS, labels=LABELS):
    pairs = zip(preds, labels, strict=True)
    return [{'pred_label': torch.tensor([pred]), 'gt_label': torch.tensor([label])} for pred, label in pairs]


def evaluate(metric, batches, size):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'classes': ('shirt', 'shoe', 'bag')}
    for batch in batches:
        metric.process(None, batch)
    return evaluator.evaluate(size)


def test_percentages_over_batches():
    metric = METRICS.build(dict(type='ltcl.ShotAccuracy', class_counts=COUNTS))
    assert evaluate(metric, [samples()[:4], samples()[4:]], 6) == pytest.approx(EXPECTED)
    assert metric.per_class['class_name'].tolist() == ['shirt', 'shoe', 'bag']
    assert metric.per_class['group'].tolist() == ['many', 'medium', 'few']
    assert metric.per_class['accuracy'].tolist() == [100, 50, 50]
    assert metric.per_class['test_count'].tolist() == [2, 2, 2]


def test_scores_instead_of_labels():
    scored = [
        {'pred_score': torch.nn.functional.one_hot(sample['pred_label'][0], 3).float(), 'gt_label': sample['gt_label']}
        for sample in samples()
    ]
    assert evaluate(ShotAccuracy(class_counts=COUNTS), [scored], 6) == pytest.approx(EXPECTED)


def test_without_counts_the_groups_are_missing():
    metrics = evaluate(ShotAccuracy(), [samples()], 6)
    assert metrics.keys() == EXPECTED.keys() - {'shot/many', 'shot/medium', 'shot/few'}


def test_counts_of_another_number_of_classes():
    with pytest.raises(UserError, match='counts of 2 classes, but the test set has 3'):
        evaluate(ShotAccuracy(class_counts=[3, 2]), [samples()], 6)


def test_label_outside_the_classes():
    with pytest.raises(UserError, match='label 3, but there are only 3 classes'):
        evaluate(ShotAccuracy(class_counts=COUNTS), [samples([0], [3])], 1)


def evaluate_share(rank):
    share = samples()[rank::2]  # as mmengine's sampler deals the images out
    metrics = evaluate(ShotAccuracy(class_counts=COUNTS), [share[:2], share[2:]], 6)
    np.testing.assert_allclose([metrics[name] for name in EXPECTED], list(EXPECTED.values()))


def test_two_processes_give_the_metrics_of_one():
    run_processes(evaluate_share, world_size=2)


def test_import_needs_neither_pandas_nor_matplotlib_figures():
    code = "import sys, ltcl.evaluation.functional.shot; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_other_class_mixes_of_the_same_scores():
    metric = ShotAccuracy(class_counts=[90, 10])
    metric.dataset_meta = dict(classes=('a', 'b'))
    metric.set_shifts(dict(natural=torch.tensor([0.9, 0.1]).log(), balanced=torch.zeros(2)))
    scores, labels = [0.2, 0.4, 0.4, 0.05], [0, 0, 0, 1]  # of class a
    samples = [
        dict(pred_score=torch.tensor([score, 1 - score]), pred_label=torch.tensor([1]), gt_label=torch.tensor([label]))
        for score, label in zip(scores, labels, strict=True)
    ]
    metric.process(None, samples)
    found = metric.evaluate(4)
    # 0.2 * 0.9 against 0.8 * 0.1: a; 0.05 * 0.9 against 0.95 * 0.1: b.
    assert found['shot/all_natural'] == 100
    assert found['shot/macro_balanced'] == found['shot/macro'] == 50
    assert found['shot/all'] == 25
