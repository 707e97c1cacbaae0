"""Blur. Every function takes a float32 image in [0, 1], shape (H, W, C), and a generator; the caller clips."""

import math

import cv2
import numpy as np
from scipy import ndimage


def gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blur along height and width, the edge repeated beyond the image."""
    return ndimage.gaussian_filter(image, (sigma, sigma, 0), mode='nearest')


def convolve(image: np.ndarray, kernel: np.ndarray, border: int) -> np.ndarray:
    """Correlate each channel with a kernel; OpenCV takes the last axis away when it has one channel."""
    return cv2.filter2D(image, -1, kernel, borderType=border).reshape(image.shape)


def defocus_blur(image: np.ndarray, rng: np.random.Generator, radius: float, softness: float) -> np.ndarray:
    """Average over a disk of ``radius`` pixels whose border is blurred with sigma ``softness``."""
    reach = max(8, math.ceil(radius))
    offset = np.arange(-reach, reach + 1)
    disk = (offset[:, None] ** 2 + offset**2 <= radius**2).astype(np.float32)
    size = 3 if radius <= 8 else 5
    kernel = cv2.GaussianBlur(disk / disk.sum(), (size, size), softness)
    return convolve(image, kernel, cv2.BORDER_REFLECT_101)


def glass_blur(image: np.ndarray, rng: np.random.Generator, sigma: float, reach: int, rounds: int) -> np.ndarray:
    """Blur, give each pixel the value of one at most ``reach`` away, ``rounds`` times over, and blur again.

    The published code means to swap the two pixels, but on colour images, and so in the published sets, the second one
    keeps its value. This does as the published sets are.
    """
    height, width, _ = image.shape
    source = np.arange(height * width).tolist()
    for _ in range(rounds):
        rows, columns = np.arange(height - reach, reach, -1), np.arange(width - reach, reach, -1)
        shift = rng.integers(-reach, reach, (2, len(rows), len(columns)))
        target = rows[:, None] * width + columns
        # In order, since a pixel may pass on what it was given just before; flat lists, since NumPy's scalars are slow.
        other = target + shift[0] * width + shift[1]
        for pixel, giver in zip(target.ravel().tolist(), other.ravel().tolist(), strict=True):
            source[pixel] = source[giver]
    pixels = gaussian(image, sigma).reshape(height * width, -1)
    return gaussian(pixels[source].reshape(image.shape), sigma)


def motion_blur(image: np.ndarray, rng: np.random.Generator, radius: int, sigma: float) -> np.ndarray:
    """Smear along a line at up to 45 degrees from the horizontal."""
    return smear(image, radius, sigma, rng.uniform(-45, 45))


def smear(image: np.ndarray, radius: int, sigma: float, degrees: float) -> np.ndarray:
    """Average over the next ``2 radius + 1`` pixels in one direction with the weights of half a normal distribution.

    This is ImageMagick's motion blur, which the published code calls.
    """
    step = np.arange(2 * radius + 1)
    angle = math.radians(degrees)
    rows = np.ceil(step * math.cos(angle + math.pi / 2) - 0.5).astype(int)
    columns = np.ceil(step * math.cos(angle) - 0.5).astype(int)
    weight = np.exp(-(step**2) / (2 * sigma**2))
    kernel = np.zeros((4 * radius + 1, 4 * radius + 1), np.float32)
    np.add.at(kernel, (2 * radius + rows, 2 * radius + columns), weight / weight.sum())
    return convolve(image, kernel, cv2.BORDER_REPLICATE)


def zoom_blur(image: np.ndarray, rng: np.random.Generator, step: float, count: int) -> np.ndarray:
    """Average the image and ``count`` enlargements of it, by 1, 1 + ``step``, 1 + 2 ``step`` and so on."""
    zoomed = [zoom(image, 1 + step * index) for index in range(count)]
    return (image + sum(zoomed)) / (count + 1)


def zoom(image: np.ndarray, factor: float) -> np.ndarray:
    """Enlarge the middle of an image, bilinearly, to the size of the whole.

    The same as a crop of ``scipy.ndimage.zoom(..., order=1)``, in a tenth of its time.
    """
    return _zoom_axis(_zoom_axis(image, factor, axis=0), factor, axis=1)


def _zoom_axis(image: np.ndarray, factor: float, axis: int) -> np.ndarray:
    size = image.shape[axis]
    kept = math.ceil(size / factor)
    enlarged = round(kept * factor)
    place = (np.arange(size) + (enlarged - size) // 2) * (kept - 1) / max(enlarged - 1, 1)
    lower = np.floor(place).astype(int)
    upper = np.minimum(lower + 1, kept - 1)
    share = np.expand_dims(place - lower, tuple(np.delete(np.arange(3), axis))).astype(image.dtype)
    start = (size - kept) // 2
    return image.take(start + lower, axis) * (1 - share) + image.take(start + upper, axis) * share
