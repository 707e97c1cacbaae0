"""The operations of all augmentations on RGB arrays (H, W, 3), uint8: the fast back end.

Tables, OpenCV and PyTorch's resizing do the work; functions without a gain there are Pillow's. What differs from
:mod:`~ltcl.datasets.transforms.pil_operations`, whose arguments these functions share, stands in docs/augmentation.md
and is bounded by a test.
"""

import math
from collections.abc import Callable, Iterable

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike

from . import pil_operations as pil
from .operation import NAMES, Operation
from .pil_operations import Fill, Resampling

LEVELS = np.arange(256, dtype=np.float32)
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# Pillow cuts decimals off where OpenCV rounds.
TO_TRUNCATE = -0.499
NUM_BOXES = 3
SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
SHARP = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
WARPS = {
    Resampling.NEAREST: cv2.INTER_NEAREST,
    Resampling.BILINEAR: cv2.INTER_LINEAR,
    Resampling.BICUBIC: cv2.INTER_CUBIC,
}


def resized_crop(
    image: np.ndarray, box: tuple[int, int, int, int], size: int, resample: Resampling = Resampling.BILINEAR
) -> np.ndarray:
    """Cut out a box (left, top, right, bottom) and resize it to a square."""
    left, top, right, bottom = box
    # PyTorch resizes pixels that lie together, as here, faster than planes.
    crop = np.ascontiguousarray(image[None, top:bottom, left:right])
    batch = torch.from_numpy(crop).permute(0, 3, 1, 2)
    resized = F.interpolate(batch, (size, size), mode=resample.name.lower(), antialias=True)
    return np.ascontiguousarray(resized.permute(0, 2, 3, 1)[0].numpy())


def padded_crop(image: np.ndarray, left: int, top: int, size: int) -> np.ndarray:
    """Cut out a square whose corner may lie outside of the image, where it is black."""
    height, width = image.shape[:2]
    square = np.zeros((size, size, 3), np.uint8)
    rows = slice(max(top, 0), min(top + size, height))
    columns = slice(max(left, 0), min(left + size, width))
    square[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[rows, columns]
    return square


def flip(image: np.ndarray) -> np.ndarray:
    """Exchange left and right."""
    return cv2.flip(image, 1)


def cut_out(image: np.ndarray, center_x: int, center_y: int, length: int) -> np.ndarray:
    """Blacken a square, as far as it lies in the image."""
    image, half = image.copy(), length // 2
    image[max(center_y - half, 0) : center_y + half, max(center_x - half, 0) : center_x + half] = 0
    return image


def _by_table(image: np.ndarray, levels: np.ndarray) -> np.ndarray:
    return cv2.LUT(image, levels.clip(0, 255).astype(np.uint8))


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply by a factor."""
    return _by_table(image, factor * LEVELS)


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance from the mean luminance."""
    mean = int(cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0] + 0.5)
    return _by_table(image, mean + factor * (LEVELS - mean))


def color(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance from the pixel's luminance."""
    matrix = np.empty((3, 4), np.float32)
    matrix[:, :3] = factor * np.eye(3) + (1 - factor) * LUMINANCE
    matrix[:, 3] = TO_TRUNCATE
    return cv2.transform(image, matrix)


def hue(image: np.ndarray, shift: float) -> np.ndarray:
    """Turn the colour circle by a share of a whole turn."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.int32(shift * 255).astype(np.uint8)  # past 255 it starts again
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


def grey(image: np.ndarray) -> np.ndarray:
    """Take the colours away."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def blur(image: np.ndarray, radius: float) -> np.ndarray:
    """Blur by a Gaussian of that standard deviation in pixels, in Pillow's approximation."""
    kernel = _box_kernel(radius**2 / NUM_BOXES)
    kernel = np.convolve(np.convolve(kernel, kernel), kernel)
    return cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)


def _box_kernel(variance: float) -> np.ndarray:
    """Box with fractional ends, of the given variance.

    From `Theoretical Foundations of Gaussian Convolution by Extended Box Filtering
    <https://doi.org/10.1007/978-3-642-24785-9_38>`_: three of them make a Gaussian.
    """
    half = math.floor((math.sqrt(12 * variance + 1) - 1) / 2)
    end = (2 * half + 1) * (half * (half + 1) - 3 * variance) / (6 * (variance - (half + 1) ** 2))
    kernel = np.ones(2 * half + 3)
    kernel[[0, -1]] = end
    return kernel / kernel.sum()


def sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance from the smoothed image; pixels at the border stay."""
    changed = cv2.filter2D(image, -1, factor * SHARP + (1 - factor) * SMOOTH, delta=TO_TRUNCATE)
    changed[[0, -1]] = image[[0, -1]]
    changed[:, [0, -1]] = image[:, [0, -1]]
    return changed


def invert(image: np.ndarray) -> np.ndarray:
    """Subtract from 255."""
    return 255 - image


def posterize(image: np.ndarray, bits: int) -> np.ndarray:
    """Keep the upper bits of each value; 0 of them are black."""
    return image & np.uint8(256 - 2 ** (8 - bits))


def solarize(image: np.ndarray, threshold: float) -> np.ndarray:
    """Invert the values from a threshold."""
    return _by_table(image, np.where(threshold > LEVELS, LEVELS, 255 - LEVELS))


def solarize_add(image: np.ndarray, addend: int) -> np.ndarray:
    """Add to the values below 128, up to 255."""
    return _by_table(image, np.where(LEVELS < 128, LEVELS + addend, LEVELS))


def _affine(image: np.ndarray, matrix: ArrayLike, resample: Resampling, fill: Fill) -> np.ndarray:
    """The pixel at (x, y) comes from (a x + b y + c, d x + e y + f) of the image, measured at the pixels' corners."""
    moved = np.reshape(matrix, (2, 3)).astype(np.float64)
    # OpenCV measures at their centres.
    moved[:, 2] += moved[:, :2].sum(1) / 2 - 0.5
    flags = WARPS[resample] | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, moved, image.shape[1::-1], flags=flags, borderValue=fill)


def shear_x(image: np.ndarray, factor: float, resample: Resampling, fill: Fill) -> np.ndarray:
    """Shift each row by ``factor`` times its number."""
    return _affine(image, (1, factor, 0, 0, 1, 0), resample, fill)


def shear_y(image: np.ndarray, factor: float, resample: Resampling, fill: Fill) -> np.ndarray:
    """Shift each column by ``factor`` times its number."""
    return _affine(image, (1, 0, 0, factor, 1, 0), resample, fill)


def translate_x(image: np.ndarray, share: float, resample: Resampling, fill: Fill) -> np.ndarray:
    """Shift to the left by a share of the width."""
    return _affine(image, (1, 0, share * image.shape[1], 0, 1, 0), resample, fill)


def translate_y(image: np.ndarray, share: float, resample: Resampling, fill: Fill) -> np.ndarray:
    """Shift upwards by a share of the height."""
    return _affine(image, (1, 0, 0, 0, 1, share * image.shape[0]), resample, fill)


def rotate(image: np.ndarray, degrees: float, resample: Resampling, fill: Fill) -> np.ndarray:
    """Turn counter-clockwise about the centre."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    return _affine(image, turn, resample, fill)


def _by_pillow(name: str) -> Callable[..., np.ndarray]:
    return lambda image, *arguments: pil.apply_to_array(image, [Operation(name, arguments)])


autocontrast, equalize = _by_pillow('autocontrast'), _by_pillow('equalize')
OPERATIONS = {name: globals()[name] for name in NAMES}


def apply_to_array(image: np.ndarray, operations: Iterable[Operation]) -> np.ndarray:
    """Apply drawn operations to an RGB array (H, W, 3), uint8, which stays as it is."""
    for name, arguments in operations:
        image = OPERATIONS[name](image, *arguments)
    return image
