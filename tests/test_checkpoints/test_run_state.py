"""A checkpoint that no run can go on from is refused in one line."""

import pytest
import torch

from ltcl.checkpoints.run_state import TrainingShape, check_resumable, meta_of, progress
from ltcl.errors import UserError

SHAPE = TrainingShape(
    batch_size=8, num_processes=2, num_images=100, iters_per_epoch=6, samples=0, accumulative_counts=1, precision='A'
)


def checkpoint(**changes: object) -> dict:
    good = dict(
        state_dict={'a': torch.zeros(1)},
        optimizer=dict(state={}, param_groups=[]),
        param_schedulers=[],
        message_hub=dict(log_scalars={}, runtime_info={}, resumed_keys={}),
        meta=dict(epoch=2, iter=13, training=SHAPE.to_plain()),
    )
    return {name: value for name, value in {**good, **changes}.items() if value != 'absent'}


def meta(**changes: object) -> dict:
    return dict(meta={**checkpoint()['meta'], **changes})


def test_good_one_is_taken():
    check_resumable(checkpoint(), 'a.pth')
    check_resumable(checkpoint(**meta(iter=12)), 'a.pth')
    check_resumable(checkpoint(**meta(iter=18)), 'a.pth')  # stopped at the last iteration of an epoch
    check_resumable(checkpoint(meta=dict(epoch=0, iter=3)), 'a.pth')  # of mmengine
    assert progress(checkpoint()) == (2, pytest.approx(1 / 6))


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(meta='absent'), 'meta is missing'),
        (dict(meta=None), 'meta is NoneType'),
        (dict(meta=[1]), 'meta is list'),
        (dict(meta={}), 'meta.epoch is None'),
        (meta(epoch='2'), "meta.epoch is '2'"),
        (meta(iter=-1), 'meta.iter is -1'),
        (meta(iter=True), 'meta.iter is True'),
        (meta(iter=13.0), 'meta.iter is 13.0'),
        (meta(iter=10**9), 'meta.iter is 1000000000, but epoch 2 ends between 12 and 18'),
        (meta(epoch=10**9), 'meta.iter is 13'),
        (dict(message_hub='absent'), 'message_hub is missing'),
        (dict(message_hub=None), 'message_hub is NoneType'),
        (dict(message_hub=dict(log_scalars={})), 'message_hub has no runtime_info'),
        (dict(optimizer='absent'), 'weights only'),
        (dict(optimizer=None), 'optimizer is NoneType'),
        (dict(optimizer={}), 'no param_groups'),
        (dict(param_schedulers=3), 'param_schedulers are int'),
        (dict(state_dict='absent'), 'no state_dict'),
        (dict(state_dict=[]), 'no state_dict'),
    ],
)
def test_bad_one_is_refused(changes, words):
    with pytest.raises(UserError) as error:
        check_resumable(checkpoint(**changes), 'work/a.pth')
    assert 'work/a.pth' in str(error.value)
    assert words in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('content', [None, [], 3, 'text', torch.zeros(2)])
def test_other_content_is_refused(content):
    with pytest.raises(UserError, match='no state_dict'):
        check_resumable(content, 'a.pth')
    assert meta_of(content) == {}


def test_shape_of_a_checkpoint_that_does_not_tell_it_is_unknown():
    assert TrainingShape.from_meta({}) is None
    assert TrainingShape.from_meta({'training': {'batch_size': 3}}) is None
    assert TrainingShape.from_meta({'training': SHAPE.to_plain()}) == SHAPE
