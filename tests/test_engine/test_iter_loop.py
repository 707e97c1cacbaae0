"""The iteration loop: a stopped run ends where the whole one does, with any number of workers and any sampler."""

import itertools
from pathlib import Path

import pytest
from mmengine.dataset import DefaultSampler, InfiniteSampler
from resume_checks import assert_same_state, train
from toy_scenes import BATCH_SIZE, NUM_IMAGES, SMALL, toy_scenes_config, write_toy_scenes

from ltcl.datasets.samplers import SeededSampler
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError

(GPACO,) = [path for path in SMALL if path.stem.startswith('gpaco_')]
# Fewer pixels than there are, so that the run depends on which are drawn.
SAMPLED = dict(model__decode_head__branches__gpaco__sampler__num_samples=20)
ITERS_PER_EPOCH = NUM_IMAGES['train'] / BATCH_SIZE


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_toy_scenes(tmp_path_factory.mktemp('scenes'))


@pytest.fixture(scope='module')
def whole(scenes, tmp_path_factory):
    return train(toy_scenes_config(GPACO, scenes, tmp_path_factory.mktemp('whole'), **SAMPLED))


@pytest.mark.parametrize(('stop_at', 'num_workers'), [(0, 0), (int(ITERS_PER_EPOCH), 0), (4, 2)])
def test_resumed_run_is_bit_exact(scenes, tmp_path, whole, stop_at, num_workers):
    changes = dict(SAMPLED, train_dataloader__num_workers=num_workers)
    with pytest.raises(TrainingStopped):
        train(toy_scenes_config(GPACO, scenes, tmp_path, **changes), stop_at)
    assert Path((tmp_path / 'last_checkpoint').read_text()).name == f'stopped_iter_{stop_at + 1}.pth'
    resumed = train(toy_scenes_config(GPACO, scenes, tmp_path, resume=True, **changes))
    assert resumed.iter == whole.iter == 6 > ITERS_PER_EPOCH
    assert_same_state(resumed, whole)


def test_seed_decides(scenes, tmp_path, whole):
    other = train(toy_scenes_config(GPACO, scenes, tmp_path, randomness__seed=1, **SAMPLED))
    assert not other.model.decode_head.conv_seg.weight.equal(whole.model.decode_head.conv_seg.weight)


@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
def test_endless_order_goes_on_after_a_skip(kind):
    def stream(num_skipped, length):
        sampler = SeededSampler(kind(range(5), seed=3), seed=0, endless=True)
        sampler.num_skipped = num_skipped
        return [(int(index), index.seed) for index in itertools.islice(sampler, length)]

    pairs = stream(0, 17)
    for num_skipped in (3, 5, 12):
        assert stream(num_skipped, 17 - num_skipped) == pairs[num_skipped:]
    indices, seeds = zip(*pairs, strict=True)
    epochs = [indices[i : i + 5] for i in (0, 5, 10)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len(set(epochs)) > 1
    assert len(set(seeds)) == 17


def test_no_training_image(scenes, tmp_path):
    nothing = dict(train_dataloader__dataset__indices=0, train_dataloader__dataset__serialize_data=False)
    cfg = toy_scenes_config(GPACO, scenes, tmp_path, **nothing)
    with pytest.raises(UserError, match='the training set has no image'):
        train(cfg)
