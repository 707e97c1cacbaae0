"""Every method on a GPU: the losses of the CPU, no wait in the step, half precision, a training."""

import math
from pathlib import Path

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from steps import step_data, training_model
from toy import METHODS, toy_config

from ltcl.engine import Runner
from ltcl.models.utils import ClassTargetsMixin

ALL_METHODS = pytest.mark.parametrize('method', METHODS)
PRECISIONS = {
    'bfloat16': dict(type='ltcl.Bfloat16OptimWrapper'),
    'float16': dict(type='AmpOptimWrapper', dtype='float16'),
}


@ALL_METHODS
def test_losses_and_gradients_are_those_of_the_cpu(method):
    results = {}
    for device in ('cpu', 'cuda'):
        model = training_model(method).double().to(device)
        if hasattr(model.head, 'draw_uniform'):  # of another generator on each device
            draw = model.head.draw_uniform
            model.head.draw_uniform = lambda number, device, draw=draw: _on(draw(number, torch.device('cpu')), device)
        torch.manual_seed(1)
        batch = model.data_preprocessor(step_data(method), training=True)
        batch['inputs'] = _doubled(batch['inputs'])
        losses = model(**batch, mode='loss')
        model.parse_losses(losses)[0].backward()
        gradients = [each.grad.cpu() for each in model.parameters() if each.requires_grad]
        results[device] = {name: value.detach().cpu() for name, value in losses.items()}, gradients
    torch.testing.assert_close(results['cuda'], results['cpu'], rtol=1e-8, atol=1e-9)


def _on(draws: torch.Tensor | None, device: torch.device) -> torch.Tensor | None:
    return None if draws is None else draws.to(device)


def _doubled(inputs: torch.Tensor | list[torch.Tensor]) -> torch.Tensor | list[torch.Tensor]:
    return [each.double() for each in inputs] if isinstance(inputs, list) else inputs.double()


@ALL_METHODS
def test_a_step_does_not_wait_for_the_device(method):
    model = training_model(method).cuda()
    if isinstance(model.head, ClassTargetsMixin):
        model.head.assignment_due = False  # SciPy matches on the CPU
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)))

    def train(batch: dict) -> None:
        with optim_wrapper.optim_context(model):
            losses = model(**batch, mode='loss')
        optim_wrapper.update_params(model.parse_losses(losses)[0])

    # Images and labels come from memory that is not pinned, so they are on the device before.
    batch = model.data_preprocessor(step_data(method), training=True)
    train(batch)  # numbers that are read once
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode('error')
    try:
        train(batch)
    finally:
        torch.cuda.set_sync_debug_mode('default')


@ALL_METHODS
@pytest.mark.parametrize('precision', PRECISIONS)
def test_half_precision(method, precision):
    model = training_model(method).cuda()
    optimizer = dict(type='SGD', lr=0.01)
    optim_wrapper = build_optim_wrapper(model, dict(PRECISIONS[precision], optimizer=optimizer))
    for _ in range(3):
        logged = model.train_step(step_data(method), optim_wrapper)
    assert all(value.isfinite() for value in logged.values())
    assert logged['loss'].dtype == torch.float32


@ALL_METHODS
def test_training(images, tmp_path, method):
    cfg = toy_config(images, Path(tmp_path), method, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert next(runner.model.parameters()).is_cuda
    assert math.isfinite(runner.message_hub.get_scalar('train/loss').current())
    assert 0 <= runner.message_hub.get_scalar(f'val/{METHODS[method].score}').current() <= 100
