"""All figures of a space: which means they compare with, what stands for a class, and what has no value."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from ltcl.evaluation.functional import class_means, self_duality, within_class_variability
from ltcl.feature_space.describing import Trained, describe
from ltcl.feature_space.encoding import Classifier, Encoded
from ltcl.models.utils import simplex

COUNTS = [300, 40, 12, 5]
NAMES = ['dog', 'cat', 'newt', 'eft']


def drawn(sizes, seed=0):
    labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    features = torch.randn(len(labels), 6, generator=torch.Generator().manual_seed(seed)) + 2 * torch.eye(6)[labels]
    return Encoded({'features': features, 'embeddings': features}, labels, features[:, :4].argmax(1))


@pytest.fixture(scope='module')
def found():
    weights = torch.randn(4, 6, generator=torch.Generator().manual_seed(9))
    trained = Trained(NAMES, COUNTS, (20, 100), Classifier(weights, is_cosine=False), simplex(4, 6))
    images, training = drawn([6, 5, 4, 1]), drawn(COUNTS, seed=1)
    return describe(images, training, trained), images, training, weights


def test_groups_are_means_of_their_classes(found):
    rows, figures = found[0]['features']['classes'], found[0]['features']['figures']
    assert [row['group'] for row in rows] == ['many', 'medium', 'few', 'few']
    assert figures['alignment_few'] == pytest.approx(rows[2]['alignment'], abs=1e-6)  # the other has a single image
    assert rows[3]['alignment'] is rows[3]['variability'] is None
    assert figures['nc1_many'] == pytest.approx(rows[0]['variability'], abs=1e-6)
    _, images, _, _ = found
    means = class_means(images.spaces['features'], images.labels, 4)
    shares = within_class_variability(images.spaces['features'], images.labels, means)
    assert figures['nc1'] == pytest.approx(shares[:3].mean().item())


def test_the_classifier_is_compared_with_the_means_of_the_training_images(found):
    spaces, images, training, weights = found
    figures = spaces['features']['figures']
    means = class_means(training.spaces['features'], training.labels, 4)
    assert figures['nc3'] == pytest.approx(self_duality(weights, means.centered))
    nearest = torch.cdist(images.spaces['features'].double(), means.means).argmin(1)
    assert figures['nc4'] == pytest.approx((nearest != images.decisions).double().mean().item())
    assert 'nc3' not in spaces['embeddings']['figures']


def test_lengths_of_the_classifier_go_with_the_counts(found):
    spaces, _, _, weights = found
    lengths = [row['weight_length'] for row in spaces['features']['classes']]
    assert lengths == pytest.approx(weights.norm(dim=1).tolist(), abs=1e-6)
    expected = spearmanr(COUNTS, lengths).statistic
    assert spaces['features']['figures']['weight_length_by_count'] == pytest.approx(expected)


def test_angles_to_the_targets(found):
    spaces, images, _, _ = found
    rows, targets = spaces['embeddings']['classes'], simplex(4, 6).numpy()
    unit = torch.nn.functional.normalize(images.spaces['embeddings'], dim=1).double().numpy()
    angles = []
    for label in range(4):
        mean = unit[images.labels.numpy() == label].mean(0)
        angles.append(math.degrees(math.acos(mean @ targets[label] / np.linalg.norm(mean))))
    assert [row['target_angle'] for row in rows] == pytest.approx(angles, abs=1e-5)
    figures = spaces['embeddings']['figures']
    assert figures['target_angle'] == pytest.approx(np.mean(angles))
    assert figures['target_angle_few'] == pytest.approx(np.mean(angles[2:]))
    assert 'target_angle' not in spaces['features']['figures']


def test_nearest_class_and_histogram(found):
    space = found[0]['features']
    assert sum(space['angles']) == 6
    for row in space['classes']:
        assert row['nearest'] in {0, 1, 2, 3} - {row['class_index']}
    assert space['figures']['angle_min'] == pytest.approx(
        min(row['nearest_angle'] for row in space['classes']), abs=1e-5
    )
    assert space['figures']['simplex_angle'] == pytest.approx(math.degrees(math.acos(-1 / 3)))


def test_a_cosine_classifier_has_no_lengths():
    trained = Trained(NAMES, COUNTS, (20, 100), Classifier(torch.randn(4, 6), is_cosine=True), None)
    figures = describe(drawn([3, 3, 3, 3]), None, trained)['features']['figures']
    assert 'nc2_weight_lengths' not in figures
    assert {'nc2_weight_angles', 'nc3', 'nc4'} <= figures.keys()


def test_one_class_and_unknown_counts():
    images = Encoded({'features': torch.randn(5, 6)}, torch.full((5,), 2), None)
    found = describe(images, None, Trained(NAMES, None, (20, 100), None, None))['features']
    assert found['angles'] == []
    assert found['figures']['nc1'] is None
    assert found['figures']['variance_ratio'] is None
    assert found['figures']['alignment'] > 0
    assert (
        found['classes'][2]['group'] is found['classes'][2]['train_count'] is found['classes'][0]['alignment'] is None
    )
