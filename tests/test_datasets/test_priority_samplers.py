"""Priority samplers: weights by hand, updates and their state, options that do not go together."""

import random
from itertools import islice

import numpy as np
import pytest
from fake_labels import Labels

from ltcl.datasets.samplers import ClassPrioritySampler, InstancePrioritySampler
from ltcl.datasets.samplers.priority_weights import (
    balance_schedule,
    draw_by_class,
    mixed_class_weights,
    root_at,
    weighted_positions,
)
from ltcl.errors import UserError

LABELS = np.array([0, 0, 1, 0, 2, 1])
DATASET = Labels(LABELS)
both_levels = pytest.mark.parametrize('sampler_type', [ClassPrioritySampler, InstancePrioritySampler])


def slow_tree_position(weights, value):
    """Walk down the published tree, node by node."""
    num_leaves = len(weights)
    tree = [0.0] * (num_leaves - 1) + list(weights)
    for node in reversed(range(num_leaves - 1)):
        tree[node] = tree[2 * node + 1] + tree[2 * node + 2]
    value *= tree[0]
    node = 0
    while node < num_leaves - 1:
        node = 2 * node + 1
        if value >= tree[node]:
            value -= tree[node]
            node += 1
    return node - num_leaves + 1


@pytest.mark.parametrize('num_weights', range(1, 10))
def test_draws_in_the_order_of_the_tree(num_weights):
    weights = np.random.default_rng(num_weights).random(num_weights) + 0.1
    actual = list(islice(weighted_positions(weights, random.Random(1)), 200))
    rng = random.Random(1)
    assert actual == [slow_tree_position(weights, rng.random()) for _ in range(200)]
    if num_weights > 1:
        assert len(set(actual)) == num_weights


def test_weight_zero_is_never_drawn():
    drawn = list(islice(weighted_positions(np.array([0.0, 1.0, 0.0, 2.0, 0.0]), random.Random(0)), 500))
    assert set(drawn) == {1, 3}


def test_weights_that_are_all_zero_are_refused():
    sampler = InstancePrioritySampler(DATASET, fixed_scale=0, seed=0)
    sampler.update(np.arange(6), np.zeros(6))
    sampler.set_epoch(1)
    with pytest.raises(UserError, match='all weights of the sampler are zero'):
        list(sampler)


def test_images_of_a_class_take_turns():
    drawn = np.array(list(islice(draw_by_class(LABELS, np.ones(3), random.Random(0)), 300)))
    for label in range(3):
        images = np.flatnonzero(label == LABELS)
        in_class = drawn[LABELS[drawn] == label]
        full = in_class[: len(in_class) // len(images) * len(images)].reshape(-1, len(images))
        assert (np.sort(full) == images).all()


def test_mixed_weights_by_hand():
    counts = np.array([9, 4, 1])
    np.testing.assert_allclose(mixed_class_weights(counts, 0), counts)
    np.testing.assert_allclose(mixed_class_weights(counts, 1), [14 / 3] * 3)
    np.testing.assert_allclose(mixed_class_weights(counts, 1, root=2), 14 * np.array([3, 2, 1]) / 6)
    np.testing.assert_allclose(mixed_class_weights(counts, 0.5, balance_scale=2), [(28 / 3 + n) / 2 for n in counts])


def test_schedules_by_hand():
    np.testing.assert_allclose(balance_schedule(5, 0), [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(balance_schedule(9, 1), [0, 0.5, 1] * 3)
    np.testing.assert_allclose(balance_schedule(10, 2), [0, 0.5, 1, 1, 0.5, 0, 0, 0.5, 1])
    assert [root_at(epoch, 'exp', 2, None, 6) for epoch in range(6)] == [1, 1, 2, 2, 4, 4]
    assert [root_at(epoch, 'linear', 2, None, 6) for epoch in range(6)] == [1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose([root_at(epoch, 'autoexp', 1, 8, 4) for epoch in range(4)], [1, 2, 4, 8])
    assert root_at(0, 'autoexp', 1, 8, 1) == 1


def test_last_balance_holds_beyond_the_schedule():
    sampler = ClassPrioritySampler(DATASET, balance=None, max_epochs=4, cycle=1, manual_only=True, seed=0)
    sampler.set_epoch(3)  # the three rises of 4 // 3 epochs end here
    at_the_end = sampler.manual_weights()
    sampler.set_epoch(50)
    np.testing.assert_array_equal(sampler.manual_weights(), at_the_end)


def test_weights_by_hand():
    options = dict(balance=1.0, fixed_scale=0.5, max_priority=2.0, seed=0)
    # Priorities of a class: 2 n_c; designed: 2 for each class, together half of all priorities, 6.
    np.testing.assert_allclose(ClassPrioritySampler(DATASET, **options).weights(), [6 + 2, 4 + 2, 2 + 2])
    per_image = InstancePrioritySampler(DATASET, **options).weights()
    np.testing.assert_allclose(per_image, [2 + 2 / n for n in (3, 3, 2, 3, 1, 2)])
    np.testing.assert_allclose(ClassPrioritySampler(DATASET, alpha=2.0, **options).weights(), [64, 36, 16])
    # Without designed weights beside them, the priorities have the designed distribution.
    np.testing.assert_allclose(ClassPrioritySampler(DATASET, fixed_scale=-1, seed=0).weights(), [2, 2, 2])


@both_levels
def test_drawn_shares_follow_the_weights(sampler_type):
    sampler = sampler_type(DATASET, seed=0, num_samples=30000)
    sampler.update([0, 4], [0.1, 0.2])
    sampler.set_epoch(1)
    expected = sampler.weights() / sampler.weights().sum()
    drawn = np.array(list(sampler))
    drawn = LABELS[drawn] if sampler_type is ClassPrioritySampler else drawn
    np.testing.assert_allclose(np.bincount(drawn) / len(drawn), expected, atol=0.01)


@both_levels
def test_updates_are_clipped_and_have_momentum(sampler_type):
    sampler = sampler_type(DATASET, momentum=0.25, max_priority=2.0, seed=0)
    sampler.update(np.array([1, 3]), np.array([-5.0, 1.0]))
    np.testing.assert_allclose(sampler.priorities, [2, 2 - 0.75 * 2, 2, 2 - 0.75, 2, 2])
    sampler.update([1], [9.0])
    change = 0.25 * -1.5 + 0.75 * (2 - 0.5)
    np.testing.assert_allclose(sampler.priorities[1], 0.5 + change)


@both_levels
def test_updates_count_from_the_next_epoch_on(sampler_type):
    sampler = sampler_type(DATASET, seed=0, num_samples=100)
    before = sampler.weights()
    first = list(sampler)
    sampler.update([0, 1, 3], [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(sampler.weights(), before)
    sampler.set_epoch(0)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert not np.allclose(sampler.weights(), before)


@both_levels
def test_state_of_mid_epoch_gives_the_same_orders(sampler_type):
    options = dict(momentum=0.5, num_samples=100, seed=0)
    sampler = sampler_type(DATASET, **options)
    sampler.update([2], [0.3])
    sampler.set_epoch(1)
    sampler.update([0, 4], [0.1, 0.2])
    other = sampler_type(DATASET, **options)
    other.load_state_dict(sampler.state_dict())
    other.set_epoch(1)
    sampler.update([2, 4], [0.7, 0.9])
    other.update([2, 4], [0.7, 0.9])
    assert list(other) == list(sampler)
    for each in (sampler, other):
        each.set_epoch(2)
    assert list(other) == list(sampler)
    np.testing.assert_array_equal(other.weights(), sampler.weights())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(balance=1.5), 'balance of .* must lie in 0..1 or be None, got 1.5'),
        (dict(root=1), 'root of .* must be above 1 or None, got 1'),
        (dict(root_decay='cosine'), "root_decay of .* must be one of exp, linear, autoexp or None, got 'cosine'"),
        (dict(root_decay='autoexp', max_epochs=4), 'needs root, the order in the last epoch'),
        (dict(root_decay='autoexp', root=4), 'set max_epochs'),
        (dict(root_decay='exp', decay_gap=0), 'decay_gap of .* at least 1, got 0'),
        (dict(momentum=2), r'momentum of .* must lie in 0..1, got 2'),
        (dict(max_priority=0), 'max_priority .* must be above 0'),
        (dict(balance_scale=-1), 'balance_scale .* must be above 0'),
        (dict(alpha=-0.5), 'alpha of .* must not be negative, got -0.5'),
        (dict(balance=None), 'changes over the epochs: set max_epochs'),
        (dict(balance=None, max_epochs=9, cycle=3), 'cycle of a priority sampler must be 0, 1 or 2, got 3'),
        (dict(balance=None, max_epochs=2, cycle=1), 'cycle=1 needs max_epochs of at least 3, got 2'),
    ],
)
@both_levels
def test_options_outside_their_range(sampler_type, options, message):
    with pytest.raises(UserError, match=message):
        sampler_type(DATASET, seed=0, **options)


def test_negative_fixed_scale_is_for_classes_only():
    with pytest.raises(UserError, match=r'must not be negative, got -1: use ltcl.ClassPrioritySampler'):
        InstancePrioritySampler(DATASET, fixed_scale=-1, seed=0)
