"""Steps of views: each draws an operation with the published range and probability."""

import random
from dataclasses import dataclass

import torch
from torchvision import transforms

from .operation import Operation, Options
from .pil_operations import Resampling

FLIP_PROBABILITY = 0.5
BLUR_RADII = (0.1, 2.0)
JITTERED = ('brightness', 'contrast', 'color', 'hue')


@dataclass(frozen=True)
class ResizedCrop:
    """A box of random area and aspect ratio 3/4..4/3, resized to a square, as torchvision draws it.

    Args:
        smallest: Smallest area as a share of the image's.
        resample: Interpolation.
    """

    smallest: float
    resample: Resampling = Resampling.BILINEAR

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The box."""
        # torchvision reads only the size of the image.
        stand_in = torch.empty(0, height, width)
        top, left, rows, columns = transforms.RandomResizedCrop.get_params(
            stand_in, scale=(self.smallest, 1.0), ratio=(3 / 4, 4 / 3)
        )
        box = (left, top, left + columns, top + rows)
        return [Operation('resized_crop', (box, options.size, self.resample))]


@dataclass(frozen=True)
class PaddedCrop:
    """A square of the image after its border is made wider by black pixels.

    Args:
        padding: Width of the new border.
    """

    padding: int

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The corner of the square."""
        left, top = (random.randint(-self.padding, side + self.padding - options.size) for side in (width, height))
        return [Operation('padded_crop', (left, top, options.size))]


@dataclass(frozen=True)
class Flip:
    """Left and right exchanged in half of the cases."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """A flip or nothing."""
        return [Operation('flip')] if random.random() < FLIP_PROBABILITY else []


@dataclass(frozen=True)
class Jitter:
    """Colours changed in random order, as torchvision's ``ColorJitter`` does.

    Args:
        brightness: Factors are uniform in 1 - x..1 + x.
        contrast: The same.
        saturation: The same.
        hue: Shifts are uniform in -x..x turns of the colour circle; 0 leaves it alone.
        prob: Probability that it takes place.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.0
    prob: float = 1.0

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The changes."""
        if random.random() >= self.prob:
            return []
        ranges = [(1 - strength, 1 + strength) for strength in (self.brightness, self.contrast, self.saturation)]
        ranges.append((-self.hue, self.hue) if self.hue else None)
        order, *factors = transforms.ColorJitter.get_params(*ranges)
        return [
            Operation(JITTERED[position], (factors[position],))
            for position in order.tolist()
            if factors[position] is not None
        ]


@dataclass(frozen=True)
class Grey:
    """Colours taken away.

    Args:
        prob: Probability that it takes place.
    """

    prob: float = 0.2

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """A grey image or nothing."""
        return [Operation('grey')] if random.random() < self.prob else []


@dataclass(frozen=True)
class Blur:
    """Gaussian blur with a radius uniform in 0.1..2 pixels.

    Args:
        prob: Probability that it takes place.
    """

    prob: float = 0.5

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """A blur or nothing."""
        return [Operation('blur', (random.uniform(*BLUR_RADII),))] if random.random() < self.prob else []


@dataclass(frozen=True)
class ConfiguredRandAugment:
    """RandAugment with the number of operations and the magnitude that the config gives."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The operations."""
        return options.rand_augment.draw()
