"""A compiled training: equal numbers, few translations, the same checkpoints; validation is not translated."""

import copy

import pytest
import torch
from mmengine.dist import get_rank
from processes import run_processes
from resume_checks import assert_same_state
from resume_checks import train as train_until
from torch._dynamo.utils import counters
from toy import METHODS, toy_config, write_images

from ltcl.engine import Runner
from ltcl.engine.compiling import compile_training
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.registry import MODELS

# Encoder, its pooling and projector, the same three of the momentum encoder, losses; once more where a queue fills.
MOST_GRAPHS = 9


def train(images, folder, method, **changes):
    """Losses of an epoch with a validation, and the model."""
    torch._dynamo.reset()
    counters.clear()
    length = dict(train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg = toy_config(images, folder, method, **length, **changes)
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.message_hub.get_scalar('train/loss').data[0], runner.model


def assert_trains_the_same(images, folder, method, compile, **tolerance):
    # In float32; at ten times the rate ProCo's loss jumps from 0.2 to 13, which makes 1e-3 of a rounding of 1e-6.
    changes = dict(optim_wrapper__type='OptimWrapper', optim_wrapper__optimizer__lr=0.005)
    written, plain = train(images, folder / 'plain', method, **changes)
    losses, model = train(images, folder / 'compiled', method, compile=compile, **changes)
    assert counters['stats']['unique_graphs'] <= MOST_GRAPHS
    assert not counters['graph_break']
    torch.testing.assert_close(losses, written, **tolerance)
    torch.testing.assert_close(model.state_dict(), plain.state_dict(), **tolerance)
    saved = torch.load(folder / 'compiled' / 'epoch_1.pth', weights_only=True)['state_dict']
    assert list(saved) == list(plain.state_dict())


def test_training_is_the_same(images, tmp_path):
    assert_trains_the_same(images, tmp_path, 'paco', dict(backend='eager'), rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_every_method_trains_the_same(images, tmp_path, method):
    assert_trains_the_same(images, tmp_path, method, compile=True, rtol=1e-3, atol=1e-4)


def test_evaluation_and_copies_are_as_written(tmp_path):
    model = MODELS.build(toy_config(tmp_path, tmp_path, 'paco').model).eval()
    names = list(model.state_dict())
    counters.clear()
    assert compile_training(model, dict(backend='eager'))[::3] == ['backbone', 'momentum_encoder.backbone']
    model(torch.zeros(2, 3, 16, 16), mode='tensor')
    assert not counters['stats']
    assert list(model.state_dict()) == names
    assert copy.deepcopy(model).backbone._compiled_call_impl is None


def _train_of_two(rank, images, folder, options):
    changes = dict(train_cfg__max_epochs=1, train_dataloader__batch_size=4, optim_wrapper__type='OptimWrapper')
    cfg = toy_config(images, folder, 'paco', **changes)
    cfg.update(launcher='pytorch', model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None))
    cfg.compile = options
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = torch.as_tensor(runner.message_hub.get_scalar('train/loss').data[0])
    torch.save(losses, folder / f'losses_{get_rank()}.pt')


@pytest.mark.slow
def test_two_processes(tmp_path):
    images = write_images(tmp_path / 'images')
    for name, options in (('plain', False), ('compiled', dict(backend='aot_eager'))):
        (tmp_path / name).mkdir()
        run_processes(_train_of_two, 2, images=images, folder=tmp_path / name, options=options)
    plain, compiled = (torch.load(tmp_path / name / 'losses_0.pt') for name in ('plain', 'compiled'))
    torch.testing.assert_close(compiled, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize('method', ['paco', 'tsc'])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(images, tmp_path, method):
    def config(folder, **changes):
        return toy_config(images, tmp_path / folder, method, compile=dict(backend='eager'), **changes)

    whole = train_until(config('whole'))
    with pytest.raises(TrainingStopped):
        train_until(config('stopped'), 6)
    resumed = train_until(config('stopped', resume=True))
    assert resumed.iter == whole.iter
    assert_same_state(resumed, whole)
    plain = train_until(
        toy_config(images, tmp_path / 'plain', method, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_3.pth'))
    )
    assert_same_state(plain, whole)


@pytest.mark.slow
@pytest.mark.parametrize('suffix', ['.pt2', '.onnx'])
def test_a_compiled_run_is_exported(images, tmp_path, call, suffix):
    train(images, tmp_path / 'run', 'paco', compile=dict(backend='eager'))
    done = call('export', tmp_path / 'run', '--out', tmp_path / f'model{suffix}')
    assert done.status == 0, done.err
    assert (tmp_path / f'model{suffix}').is_file()
