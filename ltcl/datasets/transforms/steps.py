"""Steps of recipes: each draws operations with the published range and probability."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torchvision import transforms

from ltcl.errors import UserError

from .operation import Operation, Options, Step
from .pil_operations import Resampling

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
        """The corner of the square.

        Raises:
            UserError: The square is larger than the image with its border.
        """
        rows, columns = (side + 2 * self.padding - options.size for side in (height, width))
        if min(rows, columns) < 0:
            raise UserError(
                f'a view of size {options.size} is cut out of an image of {height}x{width} pixels and a border of '
                f'{self.padding}: give ltcl.Views a smaller size'
            )
        left, top = self._draw_corner(rows, columns)
        return [Operation('padded_crop', (left - self.padding, top - self.padding, options.size))]

    @staticmethod
    def _draw_corner(rows: int, columns: int) -> tuple[int, int]:
        return random.randint(0, columns), random.randint(0, rows)


@dataclass(frozen=True)
class TorchPaddedCrop(PaddedCrop):
    """The same, drawn as torchvision's ``RandomCrop`` does."""

    @staticmethod
    def _draw_corner(rows: int, columns: int) -> tuple[int, int]:
        top, left, *_ = transforms.RandomCrop.get_params(torch.empty(0, rows + 1, columns + 1), (1, 1))
        return left, top


@dataclass(frozen=True)
class Plain:
    """An operation of which nothing is drawn.

    Args:
        name: The operation.
    """

    name: str

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The operation."""
        return [Operation(self.name)]


@dataclass(frozen=True)
class Sometimes:
    """Another step in a share of the cases.

    Args:
        step: The step.
        prob: Probability that it takes place.
    """

    step: Step
    prob: float = 0.5

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """Its operations or nothing."""
        return self.step.draw(height, width, options) if self._draw_share() < self.prob else []

    @staticmethod
    def _draw_share() -> float:
        return random.random()


class TorchSometimes(Sometimes):
    """The same, drawn as torchvision's ``RandomHorizontalFlip`` does."""

    @staticmethod
    def _draw_share() -> float:
        return torch.rand(1).item()


class NumpySometimes(Sometimes):
    """The same, drawn as mmcv's ``RandomApply`` does."""

    @staticmethod
    def _draw_share() -> float:
        return np.random.rand()


@dataclass(frozen=True)
class Jitter:
    """Colours changed in random order, as torchvision's ``ColorJitter`` does; a strength of 0 leaves one alone.

    Args:
        brightness: Factors are uniform in 1 - x..1 + x.
        contrast: The same.
        saturation: The same.
        hue: Shifts are uniform in -x..x turns of the colour circle.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.0

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The changes."""
        strengths, centres = (self.brightness, self.contrast, self.saturation, self.hue), (1, 1, 1, 0)
        ranges = [
            (centre - strength, centre + strength) if strength else None
            for strength, centre in zip(strengths, centres, strict=True)
        ]
        order, *factors = transforms.ColorJitter.get_params(*ranges)
        return [
            Operation(JITTERED[position], (factors[position],))
            for position in order.tolist()
            if factors[position] is not None
        ]


class Blur:
    """Gaussian blur with a radius uniform in 0.1..2 pixels."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """A blur."""
        return [Operation('blur', (random.uniform(*BLUR_RADII),))]


class ConfiguredRandAugment:
    """RandAugment with the number of operations and the magnitude that the config gives."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """The operations."""
        return options.rand_augment.draw()
