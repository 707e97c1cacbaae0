"""A run that was stopped and resumed ends with the weights of one that was not."""

import functools
import shutil
import signal
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from processes import run_processes
from resume_checks import assert_same_state, train
from toy import METHODS, toy_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError

ITERS_PER_EPOCH = 5


@pytest.fixture(scope='module')
def whole(images, tmp_path_factory):
    """The uninterrupted run of a method, trained once."""
    init_default_scope('mmpretrain')
    return functools.cache(lambda method: train(toy_config(images, tmp_path_factory.mktemp(method), method)))


@pytest.mark.parametrize(
    ('method', 'stop_at'),
    [
        *((method, ITERS_PER_EPOCH + 1) for method in METHODS),
        ('paco', 1),
        ('paco', ITERS_PER_EPOCH - 1),
        ('paco', 2 * ITERS_PER_EPOCH + 2),
        ('tsc', 2 * ITERS_PER_EPOCH - 1),  # resumes in the first iteration with targets
        ('tsc', 2 * ITERS_PER_EPOCH),
        ('tsc', 3 * ITERS_PER_EPOCH + 1),
    ],
)
def test_resumed_run_is_bit_exact(images, tmp_path, whole, method, stop_at):
    with pytest.raises(TrainingStopped) as stopped:
        train(toy_config(images, tmp_path, method), stop_at)
    assert stopped.value.code == 128 + signal.SIGTERM
    checkpoint = Path((tmp_path / 'last_checkpoint').read_text())
    assert checkpoint.name == f'stopped_iter_{stop_at + 1}.pth'
    resumed = train(toy_config(images, tmp_path, method, resume=True))
    assert resumed.iter == whole(method).iter == 4 * ITERS_PER_EPOCH
    assert_same_state(resumed, whole(method))


def test_resume_with_gradient_accumulation_waits_for_the_optimizer_step(images, tmp_path):
    changes = dict(optim_wrapper__accumulative_counts=3)
    whole = train(toy_config(images, tmp_path / 'whole', 'paco', **changes))
    with pytest.raises(TrainingStopped):
        train(toy_config(images, tmp_path / 'part', 'paco', **changes), stop_at=6, number=signal.SIGINT)
    assert (tmp_path / 'part' / 'stopped_iter_9.pth').exists()
    assert_same_state(train(toy_config(images, tmp_path / 'part', 'paco', resume=True, **changes)), whole)


@pytest.mark.parametrize('check', [{}, dict(skip=1)])
def test_gradients_that_wait_for_their_step_are_in_the_checkpoint(images, tmp_path, check):
    """The epochs end between two steps; a kill leaves a checkpoint of an epoch."""
    changes = dict(optim_wrapper__accumulative_counts=3, default_hooks__checkpoint__max_keep_ckpts=-1)
    changes |= {f'default_hooks__finite_check__{name}': value for name, value in check.items()}
    whole = train(toy_config(images, tmp_path / 'whole', 'paco', **changes))
    for epoch in (1, 2):
        folder = tmp_path / f'part{epoch}'
        folder.mkdir()
        shutil.copy(tmp_path / 'whole' / f'epoch_{epoch}.pth', folder)
        assert_same_state(train(toy_config(images, folder, 'paco', resume=True, **changes)), whole)
    has_waiting = ['gradients' in load_from_local(tmp_path / 'whole' / f'epoch_{epoch}.pth') for epoch in (1, 2, 3, 4)]
    assert has_waiting == [True, True, False, False]


def test_gradients_of_other_batches_are_dropped_and_it_is_said(images, tmp_path, capsys):
    keep = dict(default_hooks__checkpoint__max_keep_ckpts=-1)
    train(toy_config(images, tmp_path, 'paco', optim_wrapper__accumulative_counts=3, **keep))
    for path in tmp_path.glob('epoch_[234].pth'):
        path.unlink()
    capsys.readouterr()
    train(toy_config(images, tmp_path, 'paco', optim_wrapper__accumulative_counts=2, resume=True, **keep))
    said = ''.join(capsys.readouterr())
    assert 'Resumed with a change: batches a step 3 then, 2 now' in said
    assert 'Resumed with a change: the batches since the last optimizer step are not part of the next one' in said


def waits_on_rank(rank: int, images: str, folder: str) -> None:
    """A run of two processes that is killed after an epoch ends as one that is not."""
    init_default_scope('mmpretrain')
    changes = dict(optim_wrapper__accumulative_counts=2, train_cfg__max_epochs=3, launcher='pytorch')
    changes |= dict(default_hooks__checkpoint__max_keep_ckpts=-1, train_dataloader__batch_size=4)
    changes |= dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False))
    whole, part = Path(folder, 'whole'), Path(folder, 'part')
    expected = train(toy_config(Path(images), whole, 'gpaco', **changes))
    assert expected.iter == 15
    if rank == 0:
        part.mkdir()
        shutil.copy(whole / 'epoch_1.pth', part)
    resumed = train(toy_config(Path(images), part, 'gpaco', resume=True, **changes))
    for actual, wanted in zip(resumed.model.parameters(), expected.model.parameters(), strict=True):
        torch.testing.assert_close(actual, wanted, rtol=1e-4, atol=1e-5)


def test_gradients_of_several_processes_wait_too(images, tmp_path):
    run_processes(waits_on_rank, world_size=2, images=str(images), folder=str(tmp_path))


class CrashAt(Hook):
    """Ends the process without a word at the start of an epoch, like a power cut."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def before_train_epoch(self, runner):
        if runner.epoch == self.epoch:
            raise RuntimeError('power cut')


def test_resume_after_a_crash_goes_on_from_the_last_epoch(images, tmp_path, whole):
    crashed = Runner.from_cfg(toy_config(images, tmp_path))
    crashed.register_hook(CrashAt(epoch=2))
    with pytest.raises(RuntimeError, match='power cut'):
        crashed.train()
    resumed = train(toy_config(images, tmp_path, resume=True))
    assert_same_state(resumed, whole('paco'))


def test_result_does_not_depend_on_the_number_of_workers(images, tmp_path, whole):
    workers = dict(train_dataloader__num_workers=2, train_dataloader__persistent_workers=True)
    assert_same_state(train(toy_config(images, tmp_path, **workers)), whole('paco'))


def test_views_that_the_device_finishes_are_resumed_as_well(images, tmp_path):
    views = dict(type='ltcl.Views', recipes=['randclsstack', 'sim_cifar'], size=16, backend='device')
    words = dict(train_dataloader__dataset__pipeline=[dict(type='LoadImageFromFile'), views, dict(type='PackInputs')])
    workers = dict(train_dataloader__num_workers=1)
    whole = train(toy_config(images, tmp_path / 'whole', **words))
    with pytest.raises(TrainingStopped):
        train(toy_config(images, tmp_path / 'parts', **words), ITERS_PER_EPOCH + 1)
    assert_same_state(train(toy_config(images, tmp_path / 'parts', resume=True, **words, **workers)), whole)


def test_seed_decides(images, tmp_path, whole):
    again = train(toy_config(images, tmp_path / 'again'))
    other = train(toy_config(images, tmp_path / 'other', randomness__seed=1))
    assert_same_state(again, whole('paco'))
    assert not torch.equal(other.model.head.fc.weight, again.model.head.fc.weight)


def test_signal_handlers_are_put_back(images, tmp_path):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    train(toy_config(images, tmp_path, train_cfg__max_epochs=1))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_fewer_images_than_a_batch_are_refused(images, tmp_path):
    cfg = toy_config(images, tmp_path, train_dataloader__batch_size=1000)
    with pytest.raises(
        UserError, match=r'training images are less than a batch of 1000 .* train_dataloader.batch_size'
    ):
        Runner.from_cfg(cfg).train()


@pytest.mark.parametrize(('processes', 'is_refused'), [(3, True), (2, False)])
def test_processes_with_batches_of_different_number_are_refused(images, tmp_path, monkeypatch, processes, is_refused):
    monkeypatch.setattr('ltcl.engine.loops.resumable.get_world_size', lambda: processes)
    runner = Runner.from_cfg(toy_config(images, tmp_path, train_dataloader__sampler__round_up=False))  # of 40 images
    with pytest.raises(UserError, match='wait for ever: leave it out') if is_refused else nullcontext():
        runner.build_train_loop(runner.cfg.train_cfg)
