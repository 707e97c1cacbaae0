"""Cutout as the CIFAR-LT recipes apply it."""

import numpy as np
from mmcv.transforms import BaseTransform

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from .operation import Operation, Options


def cutout_mask(height: int, width: int, length: int, center_y: int, center_x: int) -> np.ndarray:
    """Pixels that stay when a square is cut out of an image.

    Args:
        height: Height H of the image.
        width: Width W of the image.
        length: Side of the square. An odd one is rounded down, as published.
        center_y: Row of the centre, 0..H-1; the square spans the rows from ``center_y - length // 2`` up to, without,
            ``center_y + length // 2``, as far as they lie in the image.
        center_x: Column of the centre, 0..W-1.

    Returns:
        Bool array (H, W), False in the hole.
    """
    half = length // 2
    mask = np.ones((height, width), bool)
    mask[max(center_y - half, 0) : center_y + half, max(center_x - half, 0) : center_x + half] = False
    return mask


@TRANSFORMS.register_module()
class Cutout(BaseTransform):
    """Blacken one square whose centre is uniform over the image.

    From `Improved Regularization of Convolutional Neural Networks with Cutout <https://arxiv.org/abs/1708.04552>`_. It
    takes arrays (H, W) or (H, W, C) before normalisation. Randomness comes from NumPy's global generator.

    Differs from mmpretrain's, which moves a square that leaves at the top or left into the image: here it is clipped at
    every border.

    Args:
        length: Side of the square in pixels, even.

    Raises:
        UserError: ``length`` is smaller than 2.
    """

    def __init__(self, length: int = 16) -> None:
        if length < 2:
            raise UserError(f'length of ltcl.Cutout must be at least 2 pixels, got {length}')
        self.length = length

    @staticmethod
    def _draw_center(height: int, width: int) -> tuple[int, int]:
        return np.random.randint(height), np.random.randint(width)

    def draw(self, height: int, width: int, _: Options | None = None) -> list[Operation]:
        """The hole in the next image."""
        center_y, center_x = self._draw_center(height, width)
        return [Operation('cut_out', (center_x, center_y, self.length))]

    def transform(self, results: dict) -> dict:
        """Replace ``results['img']`` by a copy with a hole."""
        image = results['img'].copy()
        height, width = image.shape[:2]
        center_y, center_x = self._draw_center(height, width)
        image[~cutout_mask(height, width, self.length, center_y, center_x)] = 0
        results['img'] = image
        return results

    def __repr__(self) -> str:
        """As in a log."""
        return f'{type(self).__name__}(length={self.length})'
