"""Class-wise samplers: what an epoch contains, for one process and for several, and after a resume."""

import os
import signal

import numpy as np
import pytest
from fake_labels import Labels
from mmengine.hooks import Hook
from toy import BATCH_SIZE, toy_config

from ltcl.datasets.samplers import (
    ClassAwareSampler,
    ClassBalancedSampler,
    ClassPrioritySampler,
    InstancePrioritySampler,
    ProgressivelyBalancedSampler,
)
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError
from ltcl.registry import DATA_SAMPLERS

COUNTS = (40, 12, 5, 1)


SAMPLERS = {
    'class_aware': (ClassAwareSampler, dict(samples_per_class=3)),
    'balanced': (ClassBalancedSampler, dict()),
    'square_root': (ClassBalancedSampler, dict(q=0.5)),
    'progressive': (ProgressivelyBalancedSampler, dict(max_epochs=4)),
    'class_priority': (ClassPrioritySampler, dict()),
    'instance_priority': (InstancePrioritySampler, dict()),
}
every_sampler = pytest.mark.parametrize('name', SAMPLERS)


def make(name, dataset=None, **options):
    sampler_type, defaults = SAMPLERS[name]
    return sampler_type(dataset or Labels.of_counts(*COUNTS), **{'seed': 0, **defaults, **options})


def order(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def class_shares(sampler, labels, num_epochs=1):
    drawn = np.concatenate([order(sampler, epoch) for epoch in range(num_epochs)])
    return np.bincount(labels[drawn], minlength=labels.max() + 1) / len(drawn)


@every_sampler
def test_order_is_a_function_of_seed_and_epoch(name):
    epochs = [order(make(name), epoch) for epoch in (0, 1, 5)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert order(make(name, seed=1)) != epochs[0]
    sampler = make(name)
    # Forwards, the same twice, then back.
    assert [order(sampler, epoch) for epoch in (0, 1, 1, 5, 0)] == [epochs[i] for i in (0, 1, 1, 2, 0)]


@every_sampler
def test_a_run_that_is_resumed_has_its_own_seed(name):
    sampler = make(name, seed=3)
    sampler.seed = 0
    assert order(sampler, 2) == order(make(name), 2)
    order(sampler, 3)
    sampler.seed = 3
    assert order(sampler, 3) == order(make(name, seed=3), 3)


@pytest.mark.parametrize('name', ['class_priority', 'instance_priority'])
def test_a_score_that_is_no_number_changes_nothing(name):
    sampler, other = make(name), make(name)
    sampler.update([0, 1, 2], [0.2, float('nan'), 0.5])
    other.update([0, 2], [0.2, 0.5])
    assert order(sampler, 1) == order(other, 1)


@every_sampler
def test_processes_share_one_order(name, monkeypatch):
    whole = order(make(name, num_samples=50), 2)
    assert len(whole) == 50
    parts = []
    for rank in range(4):
        monkeypatch.setattr('ltcl.datasets.samplers.epoch_sampler.get_dist_info', lambda rank=rank: (rank, 4))
        sampler = make(name, num_samples=50)
        assert len(sampler) == 13
        parts.append(order(sampler, 2))
        assert len(parts[-1]) == 13
    interleaved = np.stack(parts, axis=1).ravel().tolist()
    assert interleaved == whole + whole[:2]


@every_sampler
def test_order_may_be_shorter_than_the_number_of_processes(name, monkeypatch):
    monkeypatch.setattr('ltcl.datasets.samplers.epoch_sampler.get_dist_info', lambda: (2, 3))
    assert len(order(make(name, num_samples=1))) == 1


@every_sampler
def test_classes_without_an_image_are_left_out(name):
    dataset = Labels.of_counts(6, 0, 3, 0)
    sampler = make(name, dataset)
    drawn = dataset.labels[order(sampler)]
    assert set(drawn) == {0, 2}
    # Empty classes leave no trace: as if the others were numbered without gaps.
    dense = Labels(np.searchsorted([0, 2], dataset.labels))
    assert order(make(name, dense)) == order(sampler)


@every_sampler
def test_single_image(name):
    sampler = make(name, Labels.of_counts(1), num_samples=3)
    assert order(sampler) == [0, 0, 0]


@every_sampler
def test_mistakes(name):
    with pytest.raises(UserError, match=r'object has no get_gt_labels\(\): \w+Sampler draws by class'):
        make(name, object())
    with pytest.raises(UserError, match='nothing to draw'):
        make(name, Labels.of_counts(0))
    with pytest.raises(UserError, match=r'num_samples of .* at least 1, got 0'):
        make(name, num_samples=0)


def test_without_a_seed_one_is_drawn(monkeypatch):
    monkeypatch.setattr('ltcl.datasets.samplers.epoch_sampler.sync_random_seed', lambda: 7)
    assert order(make('balanced', seed=None)) == order(make('balanced', seed=7))


@pytest.mark.parametrize('group', [1, 3, 4])
def test_class_aware_rounds(group):
    dataset = Labels.of_counts(*COUNTS)
    num_classes = len(COUNTS)
    sampler = ClassAwareSampler(dataset, group, seed=0, num_samples=group * num_classes * 6)
    for epoch in range(3):
        rounds = dataset.labels[order(sampler, epoch)].reshape(-1, num_classes, group)
        assert (rounds == rounds[:, :, :1]).all()  # a group has one class
        assert (np.sort(rounds[:, :, 0]) == np.arange(num_classes)).all()  # a round has each class once


def test_class_aware_images_take_turns_across_epochs():
    dataset = Labels.of_counts(*COUNTS)
    # No group and no round is cut, so that nothing is lost between two epochs.
    sampler = ClassAwareSampler(dataset, 2, seed=0, num_samples=2 * len(COUNTS) * 5)
    drawn = np.concatenate([order(sampler, epoch) for epoch in range(7)])
    for label in range(len(COUNTS)):
        images = np.flatnonzero(dataset.labels == label)
        uses = np.bincount(drawn, minlength=len(dataset.labels))[images]
        assert uses.max() - uses.min() <= 1
        in_class = drawn[dataset.labels[drawn] == label]
        full = in_class[: len(in_class) // len(images) * len(images)].reshape(-1, len(images))
        assert (np.sort(full) == images).all()


def test_class_aware_cuts_the_last_group():
    dataset = Labels.of_counts(*COUNTS)
    sampler = ClassAwareSampler(dataset, 4, seed=0, num_samples=10)
    labels = dataset.labels[order(sampler)]
    assert len(set(labels[:4])) == len(set(labels[4:8])) == len(set(labels[8:])) == 1


def test_class_aware_group_size():
    with pytest.raises(UserError, match='samples_per_class of ClassAwareSampler must be at least 1, got 0'):
        ClassAwareSampler(Labels.of_counts(*COUNTS), 0, seed=0)


@pytest.mark.parametrize('q', [0.0, 0.5, 1.0, 2.0])
def test_class_probabilities_follow_a_power_of_the_size(q):
    dataset = Labels.of_counts(*COUNTS)
    sampler = ClassBalancedSampler(dataset, q=q, seed=0, num_samples=40000)
    expected = np.array(COUNTS) ** q / (np.array(COUNTS) ** q).sum()
    np.testing.assert_allclose(sampler.class_probabilities(), expected, rtol=1e-12)
    np.testing.assert_allclose(class_shares(sampler, dataset.labels), expected, atol=0.01)
    images = np.bincount(order(sampler), minlength=len(dataset.labels))[dataset.labels == 1]
    np.testing.assert_allclose(images / images.sum(), 1 / COUNTS[1], atol=0.02)


def test_progressive_balance_goes_from_natural_to_balanced():
    dataset = Labels.of_counts(*COUNTS)
    sampler = ProgressivelyBalancedSampler(dataset, max_epochs=4, seed=0, num_samples=40000)
    natural = np.array(COUNTS) / sum(COUNTS)
    for epoch, progress in enumerate((0, 0.25, 0.5, 0.75, 1, 1)):
        drawn = dataset.labels[order(sampler, epoch)]
        expected = (1 - progress) * natural + progress / len(COUNTS)
        np.testing.assert_allclose(sampler.class_probabilities(), expected, rtol=1e-12)
        np.testing.assert_allclose(np.bincount(drawn) / len(drawn), expected, atol=0.01)
    with pytest.raises(UserError, match='max_epochs of ProgressivelyBalancedSampler must be at least 1, got 0'):
        ProgressivelyBalancedSampler(dataset, max_epochs=0)


class RecordBatches(Hook):
    """Keeps the images of each batch; sends a signal to this process at the start of an iteration."""

    def __init__(self, stop_at=None):
        self.batches = {}
        self.stop_at = stop_at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.batches[runner.iter] = [sample.img_path for sample in data_batch['data_samples']]
        if runner.iter == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(
    ('sampler', 'num_iters'),
    [
        (dict(type='ltcl.ClassAwareSampler', samples_per_class=3), 5),
        (dict(type='ltcl.ClassBalancedSampler', q=0.5, num_samples=3 * BATCH_SIZE), 3),
        (dict(type='ltcl.ProgressivelyBalancedSampler', max_epochs=3), 5),
        (dict(type='ltcl.ClassPrioritySampler', balance=None, max_epochs=3), 5),
        (dict(type='ltcl.InstancePrioritySampler'), 5),
    ],
)
def test_run_resumed_in_mid_epoch_sees_the_same_order(images, tmp_path, sampler, num_iters):
    def train(folder, stop_at=None, **changes):
        cfg = toy_config(
            images,
            tmp_path / folder,
            'cross_entropy',
            train_dataloader__sampler={**sampler, '_delete_': True},
            train_cfg__max_epochs=3,
            **changes,
        )
        runner = Runner.from_cfg(cfg)
        recorder = RecordBatches(stop_at)
        runner.register_hook(recorder)
        if stop_at is None:
            runner.train()
        else:
            with pytest.raises(TrainingStopped):
                runner.train()
        return recorder.batches

    whole = train('whole')
    assert len(whole) == 3 * num_iters
    stop_at = num_iters + 1  # within the second epoch
    first = train('part', stop_at)
    second = train('part', resume=True)
    assert min(second) == stop_at + 1
    assert {**first, **second} == whole


@every_sampler
def test_registry_builds_it_as_mmengine_does(name):
    sampler_type, options = SAMPLERS[name]
    cfg = dict(type=f'ltcl.{sampler_type.__name__}', **options)
    sampler = DATA_SAMPLERS.build(cfg, default_args=dict(dataset=Labels.of_counts(*COUNTS), seed=3))
    assert isinstance(sampler, sampler_type)
    assert order(sampler) == order(make(name, seed=3))
