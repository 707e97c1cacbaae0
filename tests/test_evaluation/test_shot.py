"""Per-class accuracy, shot groups and means, against numbers worked out by hand."""

import math

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, recall_score

from ltcl.evaluation.functional.shot import accuracy_summary, class_accuracy, class_hits, shot_accuracy, shot_groups

COUNTS = torch.tensor([101, 100, 20, 19, 0])


def test_hits_and_totals():
    hits, totals = class_hits(torch.tensor([0, 1, 1, 2, 9]), torch.tensor([0, 0, 1, 1, 3]), num_classes=5)
    assert hits.tolist() == [1, 1, 0, 0, 0]
    assert totals.tolist() == [2, 2, 0, 1, 0]


def test_class_without_test_images_has_no_accuracy():
    accuracy = class_accuracy(torch.tensor([1, 0]), torch.tensor([2, 0]))
    assert accuracy[0] == 0.5
    assert math.isnan(accuracy[1])


def test_bounds_belong_to_medium():
    groups = shot_groups(COUNTS)
    assert groups['many'].tolist() == [True, False, False, False, False]
    assert groups['medium'].tolist() == [False, True, True, False, False]
    assert groups['few'].tolist() == [False, False, False, True, True]
    other = shot_groups(COUNTS, bounds=(1, 19))
    assert other['few'].tolist() == [False, False, False, False, True]
    assert other['medium'].tolist() == [False, False, False, True, False]


def test_group_value_is_the_mean_of_classes_not_of_images():
    accuracy = torch.tensor([1.0, 0.5, 0.25, 0.0, math.nan], dtype=torch.float64)
    assert shot_accuracy(accuracy, COUNTS) == {'many': 1.0, 'medium': 0.375, 'few': 0.0}


def test_empty_group_is_left_out():
    accuracy = torch.tensor([0.5, math.nan], dtype=torch.float64)
    assert shot_accuracy(accuracy, torch.tensor([500, 5])) == {'many': 0.5}


def test_summary_by_hand():
    summary = accuracy_summary(torch.tensor([1.0, 0.25, math.nan], dtype=torch.float64))
    assert summary == pytest.approx({'macro': 0.625, 'worst_class': 0.25, 'harmonic_mean': 0.4, 'geometric_mean': 0.5})


def test_one_class_at_zero_makes_harmonic_and_geometric_mean_zero():
    summary = accuracy_summary(torch.tensor([1.0, 0.0], dtype=torch.float64))
    assert (summary['harmonic_mean'], summary['geometric_mean'], summary['macro']) == (0.0, 0.0, 0.5)


def test_against_scikit_learn():
    generator = torch.Generator().manual_seed(0)
    preds, labels = (torch.randint(7, (500,), generator=generator) for _ in range(2))
    accuracy = class_accuracy(*class_hits(preds, labels, num_classes=7))
    assert accuracy.tolist() == pytest.approx(recall_score(labels, preds, average=None).tolist())
    assert accuracy_summary(accuracy)['macro'] == pytest.approx(balanced_accuracy_score(labels, preds))
