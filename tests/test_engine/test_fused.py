"""SGD on a CPU is fused: the same numbers, also with state that was laid out otherwise."""

import pytest
import torch
from torch import nn

from ltcl.engine.optimizers.fused import lay_out_state, with_fused
from ltcl.models.utils.weight_layout import lay_out_weights

SETTINGS = [
    dict(lr=0.1),
    dict(lr=0.1, momentum=0.9, weight_decay=5e-4),
    dict(lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    dict(lr=0.1, momentum=0.9, dampening=0.3),
]


def network(layout: str = 'channels_last') -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 37, 3), nn.BatchNorm2d(37), nn.Conv2d(37, 5, 1), nn.Flatten(), nn.Linear(20, 3))
    if layout == 'channels_last':
        lay_out_weights(model)
    return model


def train(model, optimizer, steps, seed=0):
    for step in range(seed, seed + steps):
        images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        model(images.to(memory_format=torch.channels_last)).square().sum().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize('settings', SETTINGS)
def test_same_numbers(settings):
    """But for the last digit at the end of a tensor, where no whole vector is filled."""
    generator = torch.Generator().manual_seed(0)
    start, *grads = (torch.randn(1029, generator=generator, dtype=torch.float64) for _ in range(6))
    weights = []
    for way in (dict(foreach=False), dict(fused=True)):
        parameter = nn.Parameter(start.clone())
        optimizer = torch.optim.SGD([parameter], **settings, **way)
        for grad in grads:
            parameter.grad = grad.clone()
            optimizer.step()
        weights.append(parameter.detach())
    torch.testing.assert_close(*weights, rtol=1e-14, atol=1e-14)


def test_state_of_another_layout_is_laid_out_anew():
    """Without, the fused optimizer would add momentum to other weights than it is of."""
    weights = []
    for layout in ('channels_last', 'plain'):
        first, model = network(layout), network()
        optimizer = torch.optim.SGD(first.parameters(), **SETTINGS[1], fused=True)
        train(first, optimizer, 2)
        model.load_state_dict(first.state_dict())
        resumed = torch.optim.SGD(model.parameters(), **SETTINGS[1], fused=True)
        resumed.load_state_dict(optimizer.state_dict())
        lay_out_state(resumed)
        weights.append(train(model, resumed, 2, seed=2))
    torch.testing.assert_close(*weights)


def test_what_is_fused():
    def is_fused(model=network(), **optimizer):  # noqa: B008
        return with_fused(dict(optimizer=optimizer), model)['optimizer'].get('fused', False)

    assert is_fused(type='SGD', lr=0.1)
    assert not is_fused(type='AdamW', lr=0.1)  # its last digits differ
    assert not is_fused(type='SGD', lr=0.1, foreach=True)
    assert not is_fused(type='SGD', lr=0.1, fused=False)
    assert not is_fused(type='SGD', lr=0.1, model=network().to('meta'))
    given = dict(type='SGD', lr=0.1)
    with_fused(dict(optimizer=given), network())
    assert given == dict(type='SGD', lr=0.1)
