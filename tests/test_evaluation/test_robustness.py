"""The figures of ImageNet-C against plain loops, the classes of ImageNet-R, and the metric that keeps them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ltcl.errors import UserError
from ltcl.evaluation import ClassSubsetAccuracy
from ltcl.evaluation.functional import (
    ALEXNET_CLEAN_ERROR,
    ALEXNET_ERROR,
    CORRUPTIONS,
    IMAGENET_R_CLASSES,
    corruption_error,
    mean_corruption_error,
    mean_error,
    mean_error_increase,
    relative_mean_corruption_error,
)

GOLDEN = Path(__file__).parents[1] / 'golden' / 'paco'


@pytest.fixture
def accuracy():
    return torch.from_numpy(np.random.RandomState(0).rand(15, 5))


def test_figures_equal_plain_loops(accuracy):
    errors = [1 - sum(row) / 5 for row in accuracy.tolist()]
    alexnet = list(ALEXNET_ERROR.values())
    ratios = [error / reference for error, reference in zip(errors, alexnet, strict=True)]
    relative = [(error - 0.2) / (ref - ALEXNET_CLEAN_ERROR) for error, ref in zip(errors, alexnet, strict=True)]
    assert corruption_error(accuracy).tolist() == pytest.approx(errors)
    assert mean_error(accuracy).item() == pytest.approx(sum(errors) / 15)
    assert mean_error_increase(accuracy, 0.2).item() == pytest.approx(sum(errors) / 15 - 0.2)
    assert mean_corruption_error(accuracy).item() == pytest.approx(sum(ratios) / 15)
    assert relative_mean_corruption_error(accuracy, 0.2).item() == pytest.approx(sum(relative) / 15)


def test_alexnet_scores_one_hundred_on_both_normalised_figures():
    accuracy = (1 - torch.tensor(list(ALEXNET_ERROR.values()), dtype=torch.float64))[:, None].expand(-1, 5)
    assert mean_corruption_error(accuracy).item() == pytest.approx(1)
    assert relative_mean_corruption_error(accuracy, ALEXNET_CLEAN_ERROR).item() == pytest.approx(1)


def test_published_resnet50():
    # Table 1 of the paper: clean error 23.9, CE per corruption in percent, mCE 76.7, relative mCE 105.
    published = torch.tensor([80, 82, 83, 75, 89, 78, 80, 78, 75, 66, 57, 71, 85, 77, 77]) / 100
    accuracy = (1 - published * torch.tensor(list(ALEXNET_ERROR.values())))[:, None].expand(-1, 5)
    assert 100 * mean_corruption_error(accuracy).item() == pytest.approx(76.7, abs=0.5)
    assert 100 * relative_mean_corruption_error(accuracy, 0.239).item() == pytest.approx(105, abs=1)


def test_reference_can_be_given(accuracy):
    some = accuracy[:2]
    expected = (corruption_error(some) / torch.tensor([0.5, 0.25])).mean()
    torch.testing.assert_close(mean_corruption_error(some, [0.5, 0.25]), expected)
    relative = relative_mean_corruption_error(some, 0.1, [0.5, 0.25], reference_clean_error=0)
    torch.testing.assert_close(relative, ((corruption_error(some) - 0.1) / torch.tensor([0.5, 0.25])).mean())
    with pytest.raises(AssertionError, match='2 corruptions, but 15'):
        mean_corruption_error(some)


def test_classes_of_imagenet_r_are_the_recorded_ones():
    recorded = np.load(GOLDEN / 'imagenet_r__01.npz')['class_indices']
    assert list(IMAGENET_R_CLASSES) == recorded.tolist()
    assert list(CORRUPTIONS) == np.load(GOLDEN / 'imagenet_c__01.npz')['corruptions'].tolist()


def sample(scores, label):
    return {'pred_score': torch.tensor(scores), 'gt_label': torch.tensor([label])}


def test_a_class_that_is_left_out_is_never_predicted():
    metric = ClassSubsetAccuracy(class_indices=[3, 1])
    scores = [-5.0, -2.0, 9.0, -1.0]  # the best is left out; of the kept ones class 3, label 0, has the better score
    metric.process(None, [sample(scores, 0), sample(scores, 1)])
    assert metric.evaluate(2) == {'accuracy/top1': 50.0}


def test_a_model_with_too_few_classes_is_refused():
    with pytest.raises(UserError, match='the model has 4 classes, but class 988'):
        ClassSubsetAccuracy().process(None, [sample([0.0, 1.0, 2.0, 3.0], 0)])
