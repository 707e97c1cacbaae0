"""Residual network for 32x32 images with parameter-free shortcuts, as He et al. trained on CIFAR."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS


class CifarBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut that has no parameter.

    Where the block halves the image and widens the channels, the shortcut takes every second pixel and pads the new
    channels with zeros, half of them on each side.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.stride = stride
        self.padding = (out_channels - in_channels) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride)."""
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        if self.stride != 1 or self.padding:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return F.relu(out + x, inplace=True)


@MODELS.register_module()
class CifarResNet(BaseBackbone):
    """ResNet of 6n+2 layers in three stages, absent from mmpretrain.

    From `Deep Residual Learning for Image Recognition <https://arxiv.org/abs/1512.03385>`_, section 4.2, with the
    parameter-free shortcut (option A). Depth 32 has stages of 5 blocks and is what the CIFAR-LT recipes use.

    Args:
        depth: Number of layers, 6n+2: 20, 32, 44, 56, ...; 32 where ``num_blocks`` is not given either.
        in_channels: Channels of the image, 1 for grey.
        base_channels: Channels of the first stage; the next two have two and four times as many.
        num_blocks: Blocks of each stage, instead of ``depth``.
        init_cfg: Initialisation; None is He's normal one (fan-in, gain sqrt 2) for convolutions.

    Raises:
        UserError: ``depth`` is not 6n+2, or given beside ``num_blocks``.
    """

    def __init__(
        self,
        depth: int | None = None,
        in_channels: int = 3,
        base_channels: int = 16,
        num_blocks: Sequence[int] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_in', nonlinearity='relu'))
        if num_blocks is not None and depth is not None:
            raise UserError(f'CifarResNet takes depth or num_blocks, got depth={depth} and num_blocks={num_blocks}')
        if num_blocks is None:
            depth = 32 if depth is None else depth
            if depth < 8 or (depth - 2) % 6:
                raise UserError(f'depth must be 6n+2 (20, 32, 44, 56, ...), got {depth}')
            num_blocks = [(depth - 2) // 6] * 3
        self.out_channels = base_channels * 2 ** (len(num_blocks) - 1)
        self.conv1 = nn.Conv2d(in_channels, base_channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(base_channels)
        self.num_stages = len(num_blocks)
        channels = base_channels
        for stage, depth_of_stage in enumerate(num_blocks):
            widths = [channels] + [base_channels * 2**stage] * depth_of_stage
            strides = [1 if stage == 0 else 2] + [1] * (depth_of_stage - 1)
            blocks = [CifarBlock(*args) for args in zip(widths[:-1], widths[1:], strides, strict=True)]
            self.add_module(f'layer{stage + 1}', nn.Sequential(*blocks))
            channels = widths[-1]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map images (N, in_channels, H, W) to one feature map (N, 4 * base_channels, H / 4, W / 4) in a tuple."""
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        for stage in range(self.num_stages):
            x = getattr(self, f'layer{stage + 1}')(x)
        return (x,)
