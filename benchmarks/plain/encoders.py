"""The encoders of the published code: torchvision's ResNet without its classifier, and the ResNet of 6n+2 layers."""

from collections.abc import Sequence

import torchvision
from torch import Tensor, nn
from torch.nn import functional as F


def imagenet_resnet(depth: int) -> nn.Module:
    """A ResNet for photographs, from images (N, 3, H, W) to pooled features."""
    encoder = torchvision.models.get_model(f'resnet{depth}')
    encoder.fc = nn.Identity()
    return encoder


class Block(nn.Module):
    """Two convolutions; the shortcut drops every second pixel and pads the channels with zeros."""

    def __init__(self, narrow: int, wide: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(narrow, wide, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.halves = stride == 2
        self.pad = (wide - narrow) // 2

    def forward(self, x: Tensor) -> Tensor:
        """The block's output, half as high and wide where it has a stride."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.halves:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    """A ResNet for small images, from (N, channels, H, W) to pooled features (N, 4 * width)."""

    def __init__(self, blocks: Sequence[int] = (5, 5, 5), channels: int = 3, width: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self._stage(blocks[0], width, width, 1)
        self.layer2 = self._stage(blocks[1], width, 2 * width, 2)
        self.layer3 = self._stage(blocks[2], 2 * width, 4 * width, 2)

    @staticmethod
    def _stage(blocks: int, narrow: int, wide: int, stride: int) -> nn.Sequential:
        return nn.Sequential(Block(narrow, wide, stride), *(Block(wide, wide, 1) for _ in range(blocks - 1)))

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features of images."""
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x))).mean((2, 3))
