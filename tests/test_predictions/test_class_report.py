"""Figures of classes: equal to scikit-learn's and to counting by hand, whatever classes are absent."""

import numpy as np
import pytest
from sklearn import metrics

from ltcl.predictions.class_report import class_report


def answers(seed, num_images=60, num_classes=5, tested=None):
    rng = np.random.default_rng(seed)
    labels = rng.choice(tested or num_classes, num_images)
    scores = rng.normal(size=(num_images, num_classes))
    scores[np.arange(num_images), labels] += 1
    probabilities = np.exp(scores)
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize('tested', [None, [0, 2, 3], [4]])
def test_figures_are_those_of_scikit_learn(tested):
    probabilities, labels = answers(0, tested=tested)
    report = class_report(probabilities, labels)
    preds = probabilities.argmax(1)
    assert (report.confusion == metrics.confusion_matrix(labels, preds, labels=range(5))).all()
    for label in range(5):
        is_own = labels == label
        if not is_own.any():
            values = [
                report.recall,
                report.precision,
                report.f1,
                report.auroc,
                report.confidence,
                report.confused_share,
                report.recall_low,
            ]
            assert np.isnan([value[label] for value in values]).all()
            assert report.confused_with[label] == -1
            continue
        assert report.recall[label] == pytest.approx(metrics.recall_score(is_own, preds == label))
        assert report.precision[label] == pytest.approx(metrics.precision_score(is_own, preds == label))
        assert report.f1[label] == pytest.approx(metrics.f1_score(is_own, preds == label))
        if not is_own.all():
            assert report.auroc[label] == pytest.approx(metrics.roc_auc_score(is_own, probabilities[:, label]))
        assert report.confidence[label] == pytest.approx(probabilities[is_own].max(1).mean())
        wrong = preds[is_own & (preds != label)].tolist()
        assert wrong.count(report.confused_with[label]) == max(map(wrong.count, wrong))
        assert report.confused_share[label] == pytest.approx(max(map(wrong.count, wrong)) / is_own.sum())
    assert report.predicted_count.tolist() == np.bincount(preds, minlength=5).tolist()


def test_equal_probabilities_share_the_area():
    probabilities = np.tile([0.5, 0.5], (4, 1))
    assert class_report(probabilities, np.array([0, 0, 1, 1])).auroc.tolist() == [0.5, 0.5]


def test_a_class_that_is_never_answered():
    report = class_report(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    assert report.precision.tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert report.f1.tolist() == pytest.approx([2 / 3, 0])
    assert report.confused_with.tolist() == [-1, 0]


def test_one_class_and_no_image():
    report = class_report(np.ones((3, 1)), np.zeros(3, int))
    assert (report.recall[0], report.precision[0], report.confusion.tolist()) == (1, 1, [[3]])
    assert np.isnan(report.auroc[0])
    report = class_report(np.zeros((0, 2)), np.zeros(0, int))
    assert report.test_count.tolist() == [0, 0]
    assert np.isnan([*report.recall, *report.precision, *report.auroc, *report.confidence]).all()
