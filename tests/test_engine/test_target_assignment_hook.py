from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from toy import toy_config

from ltcl.engine import Runner
from ltcl.engine.hooks import TargetAssignmentHook
from ltcl.errors import UserError
from ltcl.models import TSCHead
from ltcl.registry import HOOKS

ITERS_PER_EPOCH = 5
MAX_EPOCHS = 4


class Watch(Hook):
    """Notes flags and centers of the head and the size of the optimizer's state in each iteration."""

    priority = 'LOWEST'

    def __init__(self, crash_epoch: int | None = None) -> None:
        self.seen = []
        self.crash_epoch = crash_epoch

    def before_train_epoch(self, runner):
        if runner.epoch == self.crash_epoch:
            raise RuntimeError('power cut')

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        head = runner.model.head
        self.seen.append(
            SimpleNamespace(
                flags=(head.targeted, head.update_centers, head.assignment_due),
                centers=head.class_centers.clone(),
                num_states=len(runner.optim_wrapper.optimizer.state),
            )
        )


def train(images, work_dir, resume=False, crash_epoch=None, max_epochs=MAX_EPOCHS, **kwargs):
    cfg = toy_config(images, work_dir, 'tsc', resume=resume)
    hook = next(hook for hook in cfg.custom_hooks if hook['type'] == 'ltcl.TargetAssignmentHook')
    hook.update(kwargs)
    cfg.train_cfg.max_epochs = max_epochs
    runner = Runner.from_cfg(cfg)
    watch = Watch(crash_epoch)
    runner.register_hook(watch)
    runner.train()
    return runner, watch.seen


def test_published_phases(images, tmp_path):
    runner, seen = train(images, tmp_path, interval=1)
    half = MAX_EPOCHS // 2 * ITERS_PER_EPOCH
    assert [step.flags for step in seen] == [(False,) * 3] * half + [(True,) * 3] * half
    # Random centers rest until the targets start and move from then on.
    assert all(step.centers.equal(seen[0].centers) for step in seen[: half + 1])
    assert not seen[half + 1].centers.equal(seen[half].centers)
    num_parameters = seen[1].num_states
    assert num_parameters > 0
    assert [step.num_states for step in seen] == [
        0 if iteration in (0, half) else num_parameters for iteration in range(2 * half)
    ]
    losses = runner.message_hub.get_scalar('train/loss_target').data[0]
    assert (losses[:half] == 0).all()
    assert (losses[half:] > 0).all()
    assert sorted(runner.model.head.assignment.tolist()) == [0, 1, 2]


def test_options(images, tmp_path):
    _, seen = train(
        images, tmp_path, interval=4, begin_epoch=1, update_centers_before=True, reset_optimizer=False, max_epochs=3
    )
    assert [step.flags[0] for step in seen] == [False] * 5 + [True] * 10
    assert all(step.flags[1] for step in seen)
    due = [iteration for iteration, step in enumerate(seen) if step.flags[2]]
    assert due == [5, 9, 13]
    assert not seen[1].centers.equal(seen[0].centers)
    assert all(step.num_states for step in seen[1:])


def test_targets_from_the_start(images, tmp_path):
    _, seen = train(images, tmp_path, interval=5, begin_epoch=0, max_epochs=1)
    assert [step.flags for step in seen] == [(True, True, True)] + [(True, True, False)] * 4


@pytest.mark.parametrize('epoch', [1, 2, 3])
def test_a_resumed_run_goes_on_in_its_phase(images, tmp_path, epoch):
    whole, seen = train(images, tmp_path / 'whole')
    with pytest.raises(RuntimeError, match='power cut'):
        train(images, tmp_path / 'part', crash_epoch=epoch)
    resumed, seen_again = train(images, tmp_path / 'part', resume=True)
    for step, again in zip(seen[epoch * ITERS_PER_EPOCH :], seen_again, strict=True):
        assert step.flags == again.flags
        assert step.num_states == again.num_states
        assert step.centers.equal(again.centers)
    for name in ('targets', 'class_centers', 'assignment'):
        assert getattr(resumed.model.head, name).equal(getattr(whole.model.head, name))


def test_longer_run_that_is_resumed_with_targets_keeps_them(images, tmp_path):
    with pytest.raises(RuntimeError, match='power cut'):
        train(images, tmp_path, crash_epoch=3)
    _, seen = train(images, tmp_path, resume=True, max_epochs=8)
    assert [step.flags[0] for step in seen] == [True] * 5 * ITERS_PER_EPOCH
    assert all(step.num_states for step in seen)  # the optimizer's state is not dropped a second time


@pytest.mark.parametrize('mistake', [dict(interval=0), dict(begin_epoch=-1)])
def test_numbers_out_of_range(mistake):
    with pytest.raises(UserError, match=next(iter(mistake))):
        HOOKS.build(dict(type='ltcl.TargetAssignmentHook', **mistake))


def test_a_head_without_targets():
    model = torch.nn.Sequential()
    model.head = torch.nn.Linear(1, 1)
    runner = SimpleNamespace(model=model, iter=0, max_epochs=2, train_dataloader=[0])
    with pytest.raises(UserError, match=r'needs a head with targets, not Linear: use ltcl\.TSCHead'):
        TargetAssignmentHook().before_train_iter(runner, 0)
    model.head = TSCHead(num_classes=2, feat_dim=2, queue_len=8)
    TargetAssignmentHook().before_train_iter(runner, 0)
    assert not model.head.targeted
