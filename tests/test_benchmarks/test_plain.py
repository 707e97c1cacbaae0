"""The plain forms of the published steps train as ours do: same weights, same images, same loss, same next weights."""

import copy

import pytest
import torch

METHODS = ['paco', 'gpaco', 'bcl', 'kcl', 'tsc', 'resco', 'rescom', 'multi-task', 'cross-entropy']


def small_step(load, method):
    """A step of the demo's config in float64, its network and batch reduced."""
    networks = load('networks')
    config = networks.demo_config(method, precision='float64')
    config['model']['backbone'] = dict(
        type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 2, 1), init_cfg=None
    )
    if 'queue_len' in config['model']['head']:
        config['model']['head']['queue_len'] = 16
    step = networks.TrainingStep(**dict(config, shape=(8, 1, 8, 8)), device='cpu')
    for group in step.optim_wrapper.optimizer.param_groups:
        group['lr'] = 0.1
    return step


@pytest.fixture
def same_draws(monkeypatch):
    """Lets the positives of KCL be drawn by the same numbers on both sides."""
    draws = torch.rand(6, 8, dtype=torch.float64)
    monkeypatch.setattr(torch, 'rand', lambda *size, **options: draws.clone())


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.usefixtures('same_draws')
def test_a_plain_step_is_ours(load, method):
    plain_forms, parts = load('plain.from_ours'), load('plain.parts')
    step = small_step(load, method)
    plain = plain_forms.plain_form(method, step.model)
    optimizer = torch.optim.SGD(
        [parameter for parameter in plain.parameters() if parameter.requires_grad],
        lr=0.1,
        momentum=0.9,
        weight_decay=step.optim_wrapper.optimizer.defaults['weight_decay'],
    )
    views = copy.deepcopy(step.preprocessed())
    labels = torch.cat([sample.gt_label for sample in step.data_samples])
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    for _ in range(3):
        ours = step()['loss']
        torch.testing.assert_close(parts.train_step(plain, optimizer, views, labels), ours.detach(), rtol=1e-9, atol=0)
    expected = plain_forms.plain_state(step.model)
    for name, value in plain.state_dict().items():
        if name in expected:
            torch.testing.assert_close(value, expected[name], rtol=1e-8, atol=1e-11, msg=lambda text: f'{name}: {text}')
            assert not value.is_floating_point() or not torch.equal(value, before[name]) or name == 'targets', name
