"""Weights in memory as the images are, so that no convolution copies them."""

import torch
from torch import Tensor, nn


def to_channels_last(tensor: Tensor) -> Tensor:
    """A tensor (N, C, H, W) laid out channels-last in memory.

    With one channel both layouts are the same bytes and ``contiguous`` keeps the strides of the other one, which makes
    a convolution, and all after it, run in the plain layout. So the strides are set by hand.
    """
    num_channels, height, width = tensor.shape[1:]
    tensor = tensor.contiguous(memory_format=torch.channels_last)
    strides = (height * width * num_channels, 1, width * num_channels, num_channels)
    return tensor.as_strided(tensor.shape, strides)


@torch.no_grad()
def lay_out_weights(model: nn.Module) -> None:
    """Lay the weights of all 2d convolutions out channels-last; names, shapes and numbers stay.

    A convolution of channels-last images otherwise copies its weight to that layout in each pass, and the gradient
    back. Under DDP gradient and bucket then have other strides as well.

    Args:
        model: Its weights are changed in place.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = to_channels_last(module.weight.data)
