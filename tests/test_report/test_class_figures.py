"""Figures of each class: scikit-learn is the truth."""

import numpy as np
import pytest
from saved_runs import answers
from scipy.special import softmax
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from ltcl.report.class_figures import Answers, class_figures


@pytest.fixture(scope='module', params=[5, 40])
def given(request):
    scores, labels = answers(4, request.param, margin=1.5)
    scores[3] = scores[7]  # ties
    return Answers(scores, labels)


def test_class_figures_are_those_of_scikit_learn(given):
    figures = class_figures(given)
    precision, recall, f1, _ = precision_recall_fscore_support(given.labels, given.preds, zero_division=np.nan)
    probabilities = softmax(given.scores.astype(np.float64), axis=1)
    areas = roc_auc_score(given.labels, probabilities, multi_class='ovr', average=None)
    for name, truth in dict(precision=precision, recall=recall, f1=f1, auroc=areas).items():
        np.testing.assert_allclose(figures[name], 100 * truth, rtol=1e-6)
    means = [probabilities.max(1)[given.labels == index].mean() for index in range(4)]
    np.testing.assert_allclose(figures['confidence'], 100 * np.array(means), rtol=1e-6)


def test_confusions_are_those_of_scikit_learn(given):
    matrix = confusion_matrix(given.labels, given.preds)
    assert given.confusions.pairs == {tuple(map(int, at)): matrix[tuple(at)] for at in np.argwhere(matrix)}


def test_a_class_without_images_has_no_figures():
    given = Answers(np.eye(3, dtype=np.float32)[[0, 1, 2]], np.array([0, 1, 1]))  # though it is answered
    assert all(np.isnan(figure[2]) for figure in class_figures(given).values())
