import numpy as np
import pytest

from ltcl.datasets.long_tail import class_counts_exponential, class_counts_step, sample_held_out, sample_long_tail
from ltcl.errors import UserError


@pytest.mark.parametrize(
    ('num_classes', 'imbalance_factor', 'total'),
    [(100, 10, 19573), (100, 50, 12608), (100, 100, 10847), (10, 10, 20431), (10, 50, 13996), (10, 100, 12406)],
)
def test_exponential_totals_are_those_of_cifar_lt(num_classes, imbalance_factor, total):
    counts = class_counts_exponential(50000 // num_classes, num_classes, imbalance_factor)
    assert counts.dtype == np.int64
    assert counts.sum() == total
    assert counts[0] == 50000 // num_classes
    assert counts[-1] * imbalance_factor == counts[0]


def test_exponential_known_values():
    assert class_counts_exponential(5000, 10, 100).tolist() == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert class_counts_exponential(500, 10, 100).sum() == 1236
    assert class_counts_exponential(7, 1, 100).tolist() == [7]
    assert class_counts_exponential(60, 3, 1).tolist() == [60, 60, 60]
    assert class_counts_exponential(np.array([100, 50, 10]), 3, 4).tolist() == [100, 25, 2]


def test_step_known_values():
    assert class_counts_step(5000, 10, 50).tolist() == [5000] * 5 + [100] * 5
    assert class_counts_step(60, 5, 3).tolist() == [60, 60, 20, 20, 20]


def test_factor_written_as_inverse_ratio_gives_the_counts_of_the_ratio():
    """Truncation must not lose an image to the rounding of 1 / (1 / ratio)."""
    ratios = [k / 1000 for k in range(1, 1001)] + [a / b for a in range(1, 20) for b in range(20, 120)]
    for ratio in ratios:
        expected = [int(600 * ratio ** (i / (7 - 1.0))) for i in range(7)]
        assert class_counts_exponential(600, 7, 1 / ratio).tolist() == expected, ratio


def test_sample_is_the_published_draw():
    labels = np.random.RandomState(1).permutation(np.repeat(np.arange(5), 40))
    # The published code seeds the global generator and shuffles each class in turn.
    np.random.seed(0)
    expected = []
    for label, count in enumerate([40, 22, 12, 7, 4]):
        indices = np.where(labels == label)[0]
        np.random.shuffle(indices)
        expected.extend(indices[:count])
    np.testing.assert_array_equal(sample_long_tail(labels, imbalance_factor=10), expected)


def test_sample_leaves_the_global_generator_alone():
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    sample_long_tail(np.repeat(np.arange(3), 9), 3)
    assert np.random.rand() == expected


def test_smaller_num_max_takes_a_prefix_of_each_class():
    labels = np.tile(np.arange(4), 50)
    large = sample_long_tail(labels, 10)
    small = sample_long_tail(labels, 10, num_max=20)
    for label in range(4):
        of_class = small[labels[small] == label]
        np.testing.assert_array_equal(of_class, large[labels[large] == label][: len(of_class)])
    assert np.bincount(labels[small]).tolist() == [20, 9, 4, 2]


def test_default_num_max_is_filled_by_every_class():
    labels = np.repeat([0, 1, 2], [30, 20, 25])
    assert np.bincount(labels[sample_long_tail(labels, 4)]).tolist() == [20, 10, 5]


def test_held_out_is_balanced_disjoint_and_the_same_for_every_profile():
    labels = np.tile(np.arange(4), 50)
    held_out = sample_held_out(labels, 5, imbalance_factor=10, num_max=45)
    assert np.bincount(labels[held_out]).tolist() == [5, 5, 5, 5]
    assert not set(held_out) & set(sample_long_tail(labels, 10, num_max=45))
    np.testing.assert_array_equal(held_out, sample_held_out(labels, 5, imbalance_factor=3, profile='step', num_max=20))
    assert set(held_out) != set(sample_held_out(labels, 5, imbalance_factor=10, num_max=45, seed=1))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'imbalance_factor': 0.01}, 'imbalance_factor must be at least 1, got 0.01'),
        ({'imbalance_factor': float('nan')}, 'imbalance_factor must be at least 1, got nan'),
        ({'imbalance_factor': 10, 'num_max': 11}, 'class 0 has 10 images, but the exponential profile asks for 11'),
        ({'imbalance_factor': 10, 'num_max': 0}, 'num_max must be at least 1, got 0'),
        ({'imbalance_factor': 10, 'profile': 'linear'}, "profile must be one of exponential, step, got 'linear'"),
        ({'imbalance_factor': 10, 'num_classes': 2}, 'labels reach from 0 to 2, but num_classes is 2'),
        ({'imbalance_factor': 10, 'num_classes': 4}, 'class 3 of 4 has no image'),
        ({'imbalance_factor': 1, 'num_classes': 4, 'num_max': 5}, 'class 3 has 0 images, but .* asks for 5'),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(UserError, match=message):
        sample_long_tail(np.repeat(np.arange(3), 10), **arguments)


def test_labels_must_be_one_class_per_image():
    with pytest.raises(UserError, match=r'shape \(4, 2\)'):
        sample_long_tail(np.zeros((4, 2), int), 10)


def test_too_few_images_to_hold_out_are_named():
    with pytest.raises(UserError, match=r'class 0 has 0 images that the training draw leaves, but 1 are'):
        sample_held_out(np.repeat(np.arange(3), 10), 1, imbalance_factor=10)
