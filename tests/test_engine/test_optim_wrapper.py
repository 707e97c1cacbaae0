from contextlib import contextmanager

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn
from toy import toy_config

from ltcl.engine import Runner
from ltcl.engine.optimizers import Bfloat16OptimWrapper
from ltcl.errors import UserError


def build(model: nn.Module, **kwargs) -> Bfloat16OptimWrapper:
    cfg = dict(type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.5), **kwargs)
    return build_optim_wrapper(model, cfg)


def test_forward_runs_in_bfloat16_and_the_rest_in_float32():
    model = nn.Linear(3, 2)
    wrapper = build(model)
    inputs = torch.randn(4, 3)
    with wrapper.optim_context(model):
        outputs = model(inputs)
    assert outputs.dtype == torch.bfloat16
    assert model(inputs).dtype == torch.float32
    before = model.weight.detach().clone()
    wrapper.update_params(outputs.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.5 * inputs.sum(0).expand(2, 3), rtol=2e-2, atol=2e-2)


def test_no_loss_scaling():
    model = nn.Linear(3, 2)
    wrapper = build(model)
    assert not hasattr(wrapper, 'loss_scaler')
    assert set(wrapper.state_dict()) == set(wrapper.optimizer.state_dict())
    assert wrapper.scale_loss(torch.tensor(3.0)) == 3


class Recorder(nn.Linear):
    """Tells when gradients would stay local, as DDP's model would be told."""

    unsynced = 0

    @contextmanager
    def no_sync(self):
        self.unsynced += 1
        yield


def test_gradient_accumulation():
    torch.manual_seed(0)
    model = Recorder(3, 1)
    wrapper = build(model, accumulative_counts=2)
    inputs = torch.randn(4, 5, 3).bfloat16().float()
    start = model.weight.detach().clone()
    for step, batch in enumerate(inputs):
        before = model.weight.detach().clone()
        with wrapper.optim_context(model):
            loss = model(batch).float().mean()
        wrapper.update_params(loss)
        assert torch.equal(model.weight, before) == (step % 2 == 0)
    assert model.unsynced == 2
    expected = start - 0.5 * inputs.mean(1).reshape(2, 2, 3).mean(1).sum(0)
    torch.testing.assert_close(model.weight.detach(), expected, rtol=2e-2, atol=2e-2)


def test_gradient_clipping_works():
    model = nn.Linear(3, 2)
    wrapper = build(model, clip_grad=dict(max_norm=0.1))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with wrapper.optim_context(model):
        loss = model(torch.randn(4, 3)).float().sum()
    wrapper.update_params(loss)
    steps = [parameter.detach() - value for parameter, value in zip(model.parameters(), before, strict=True)]
    torch.testing.assert_close(torch.cat([step.flatten() for step in steps]).norm(), torch.tensor(0.05))


def test_rates_of_layers_that_are_not_there(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy')
    runner = Runner.from_cfg(cfg)

    def build_with(**custom_keys):
        return runner.build_optim_wrapper({**cfg.optim_wrapper, 'paramwise_cfg': dict(custom_keys=custom_keys)})

    wrapper = build_with(backbone=dict(lr_mult=0.1), pos_embed=dict(decay_mult=0.0))
    assert {round(group['lr'], 9) for group in wrapper.optimizer.param_groups} == {0.05, 0.005}
    with pytest.raises(UserError, match="'backone' is in the name of no parameter: did you mean backbone"):
        build_with(backone=dict(lr_mult=0.1))
    with pytest.raises(UserError, match=r"'queue' is in the name of no parameter: they are named as backbone\.\S+$"):
        build_with(queue=dict(lr_mult=0.1))
