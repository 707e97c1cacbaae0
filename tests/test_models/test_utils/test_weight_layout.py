"""Weights laid out as the images are: the same numbers, and gradients that need no copy, alone and under DDP."""

import warnings

import torch
from mmpretrain.models import ResNet
from processes import run_processes
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ltcl.models.utils.weight_layout import lay_out_weights, to_channels_last


def network() -> nn.Module:
    """Kernels of 7, 3 and 1, a group convolution, and one of a single channel."""
    torch.manual_seed(0)
    first = nn.Conv2d(1, 3, 3, padding=1, bias=False)
    groups = nn.Conv2d(64, 64, 3, groups=64, bias=False)
    return nn.Sequential(first, ResNet(18, stem_channels=8, base_channels=8, out_indices=(3,)), _First(), groups)


class _First(nn.Module):
    def forward(self, outputs: tuple) -> torch.Tensor:
        return outputs[0]


def gradients(model: nn.Module, seed: int) -> list[torch.Tensor]:
    images = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(seed))
    with torch.autocast('cpu', torch.bfloat16):
        model(to_channels_last(images)).float().square().mean().backward()
    return [parameter.grad for parameter in model.parameters()]


def test_same_numbers_and_names():
    plain, laid_out = network(), network()
    lay_out_weights(laid_out)
    torch.testing.assert_close(laid_out.state_dict(), plain.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(gradients(laid_out, 0), gradients(plain, 0))
    strides = [[each.stride() for each in model.parameters()] for model in (plain, laid_out)]
    assert strides[0] != strides[1]


def _check_strides(rank):
    model = network()
    lay_out_weights(model)
    arriving = {}
    for name, parameter in model.named_parameters():
        parameter.register_hook(lambda gradient, name=name: arriving.update({name: gradient.stride()}))
    wrapped = DistributedDataParallel(model)
    with warnings.catch_warnings():
        warnings.filterwarnings('error', message='.*[Gg]rad strides')
        for seed in range(2):
            wrapped.zero_grad()
            gradients(wrapped, seed + 2 * rank)
    for name, parameter in model.named_parameters():
        assert arriving[name] == parameter.stride(), name
        assert parameter.grad.stride() == parameter.stride(), name


def test_two_processes_copy_no_gradient_to_another_layout():
    run_processes(_check_strides, 2)
