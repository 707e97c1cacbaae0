"""IoU by shot group, against figures worked out from a confusion matrix, on one process and on two."""

import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from processes import run_processes

from ltcl.errors import UserError
from ltcl.evaluation.functional import thirds
from ltcl.evaluation.metrics import shot_iou
from ltcl.evaluation.metrics.shot_iou import ShotIoUMetric

CLASSES = ('sky', 'road', 'car', 'dog')
COUNTS = [300, 200, 90, 7]
# Four images of 2x2 pixels; 255 is void. No image shows a dog, and none is predicted.
TRUTH = [[[0, 0], [0, 1]], [[1, 1], [1, 255]], [[0, 2], [2, 2]], [[0, 0], [255, 255]]]
PREDICTED = [[[0, 0], [1, 1]], [[1, 0], [1, 3]], [[0, 2], [2, 1]], [[0, 0], [2, 3]]]
# Confusion of sky, road and car, void left out, a row for each true class: 5 1 0 / 1 3 0 / 0 1 2.
IOU = [100 * 5 / 7, 100 * 3 / 6, 100 * 2 / 3]
ACCURACY = [100 * 5 / 6, 100 * 3 / 4, 100 * 2 / 3]


def samples(truth=TRUTH, predicted=PREDICTED):
    pairs = zip(truth, predicted, strict=True)
    return [
        {'gt_sem_seg': {'data': torch.tensor([label])}, 'pred_sem_seg': {'data': torch.tensor([label_map])}}
        for label, label_map in pairs
    ]


def evaluate(metric, batches, size):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'classes': CLASSES}
    for batch in batches:
        metric.process(None, batch)
    return evaluator.evaluate(size)


def assert_expected(metrics):
    assert metrics['seg/mIoU'] == pytest.approx(np.mean(IOU), abs=0.005)  # mmseg rounds to two digits
    assert metrics['seg/mAcc'] == pytest.approx(np.mean(ACCURACY), abs=0.005)
    assert metrics['seg/aAcc'] == pytest.approx(100 * 10 / 13, abs=0.005)
    assert metrics['seg/worst_class'] == pytest.approx(IOU[1])


def test_figures_of_a_confusion_matrix():
    metric = ShotIoUMetric(class_counts=COUNTS, bounds=(50, 250))
    metrics = evaluate(metric, [samples()[:3], samples()[3:]], 4)
    assert_expected(metrics)
    assert metrics['seg/many'] == pytest.approx(IOU[0])
    assert metrics['seg/medium'] == pytest.approx((IOU[1] + IOU[2]) / 2)
    assert 'seg/few' not in metrics  # its only class is nowhere
    columns = 'class_index', 'class_name', 'train_count', 'test_count', 'IoU', 'accuracy', 'group'
    assert tuple(metric.per_class) == columns
    assert metric.per_class['class_name'].tolist() == list(CLASSES)
    assert metric.per_class['test_count'].tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(metric.per_class['IoU'], [*IOU, np.nan])
    np.testing.assert_allclose(metric.per_class['accuracy'], [*ACCURACY, np.nan])
    assert metric.per_class['group'].tolist() == ['many', 'medium', 'medium', 'few']


def test_a_class_that_is_only_predicted_has_iou_zero():
    metrics = evaluate(ShotIoUMetric(class_counts=COUNTS), [samples([[[0, 0]]], [[[0, 3]]])], 1)
    assert metrics['seg/few'] == metrics['seg/worst_class'] == 0
    assert metrics['seg/many'] == 50


def test_pixels_beyond_the_precision_of_float32_count():
    metric = ShotIoUMetric()
    areas = [torch.tensor([count, 0.0, 0.0, 0.0]) for count in (2.0**24, 1.0)]
    metric.dataset_meta = {'classes': CLASSES}
    metric.compute_metrics([(area, area, area, area) for area in areas] + [(0 * areas[1], *[areas[1]] * 3)])
    assert metric.per_class['IoU'][0] == 100 * (2**24 + 1) / (2**24 + 2)


@pytest.mark.parametrize(
    ('counts', 'bounds'),
    [
        ([900, 800, 300, 200, 100, 7], (200, 300)),
        ([7, 900, 300, 800], (300, 800)),  # four classes: one, two, one
        ([5, 5, 5, 5, 5, 5], (5, 5)),
        ([5, 1], (1, 5)),
    ],
)
def test_thirds(counts, bounds):
    assert thirds(torch.tensor(counts)) == bounds
    assert ShotIoUMetric(class_counts=counts).bounds == bounds


def test_counts_come_from_a_file(tmp_path):
    path = tmp_path / 'counts.json'
    path.write_text(json.dumps({'image': COUNTS, 'pixel': [1, 2, 3, 4]}))
    assert ShotIoUMetric(class_counts=str(path)).class_counts.tolist() == COUNTS
    assert ShotIoUMetric(class_counts=str(path), count_key='pixel').class_counts.tolist() == [1, 2, 3, 4]
    with pytest.raises(UserError, match=r'there is no file .*nowhere\.json'):
        ShotIoUMetric(class_counts=str(tmp_path / 'nowhere.json'))


def test_counts_that_arrive_later_set_the_bounds():
    metric, fixed = ShotIoUMetric(count_key='pixel'), ShotIoUMetric(bounds=(3, 4))
    for each in (metric, fixed):
        each.set_class_counts([9, 5, 5, 1])
    assert (metric.bounds, fixed.bounds) == (thirds(torch.tensor([9, 5, 5, 1])), (3, 4))
    assert (metric.counted, fixed.counted) == ('pixels', 'images')


def test_without_counts_the_groups_are_missing():
    metric = ShotIoUMetric()
    metrics = evaluate(metric, [samples()], 4)
    assert_expected(metrics)
    assert not metrics.keys() & {'seg/many', 'seg/medium', 'seg/few'}
    assert metric.per_class['group'].tolist() == [None] * 4


def test_counts_of_another_number_of_classes():
    with pytest.raises(UserError, match='counts of 2 classes, but the test set has 4'):
        evaluate(ShotIoUMetric(class_counts=[3, 2]), [samples()], 4)


def evaluate_share(rank):
    share = samples()[rank::2]  # as mmengine's sampler deals the images out
    metric = ShotIoUMetric(class_counts=COUNTS)
    assert_expected(evaluate(metric, [share[:1], share[1:]], 4))


def test_two_processes_give_the_metrics_of_one():
    run_processes(evaluate_share, world_size=2)


def test_the_number_of_classes_that_the_mean_is_over(monkeypatch):
    lines = []
    for speak in ('note', 'warn'):
        monkeypatch.setattr(shot_iou, speak, lines.append)
    metric = ShotIoUMetric()
    assert evaluate(metric, [samples()], 4)['seg/mIoU_classes'] == 3  # no dog in label or prediction
    absent = "1 of 4 classes are in none of the 4 test masks: 'dog'"
    assert [line.partition(';')[0] for line in lines] == [absent, 'mIoU 62.70 is over 3 of 4 classes']
    evaluate(metric, [samples()], 4)
    assert lines[2:] == lines[1:2]  # the warning comes once
    one_true_one_predicted = [samples([[[0, 0]]], [[[0, 3]]])]
    assert evaluate(ShotIoUMetric(), one_true_one_predicted, 1)['seg/mIoU_classes'] == 2
    assert evaluate(ShotIoUMetric(nan_to_num=0), [samples()], 4)['seg/mIoU_classes'] == 4


def test_nothing_but_void_has_no_worst_class():
    metrics = evaluate(ShotIoUMetric(), [samples([[[255, 255]]], [[[0, 3]]])], 1)
    assert metrics['seg/mIoU_classes'] == 0
    assert 'seg/worst_class' not in metrics
