"""What cameras and files do. Every function takes a float32 image in [0, 1], shape (H, W, C), and a generator."""

import io

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage

Array = np.ndarray


def brightness(image: Array, rng: np.random.Generator, amount: float) -> Array:
    """Raise the value (of hue, saturation, value) by ``amount``; hue and saturation stay."""
    value = image.max(axis=2, keepdims=True)
    raised = np.minimum(value + amount, 1)
    # Black has no hue: it becomes grey.
    return np.where(value > 0, image * raised / np.where(value > 0, value, 1), raised)


def contrast(image: Array, rng: np.random.Generator, factor: float) -> Array:
    """Draw each channel towards its mean."""
    mean = image.mean(axis=(0, 1), keepdims=True)
    return (image - mean) * factor + mean


def elastic_transform(image: Array, rng: np.random.Generator, strength: float, sigma: float, affine: float) -> Array:
    """Move three corners of an inner square at random, then stretch and squeeze the image locally.

    Args:
        image: The image.
        rng: Generator.
        strength: Factor of the smoothed displacement, as a share of the shorter side.
        sigma: Smoothing of the displacement, as a share of the shorter side.
        affine: Largest move of a corner, as a share of the shorter side.
    """
    height, width, channels = image.shape
    side = min(height, width)
    centre, inner = np.array([width, height], np.float32) // 2, side // 3
    corners = centre + inner * np.array([[1, 1], [1, -1], [-1, -1]], np.float32)
    moved = corners + rng.uniform(-affine, affine, corners.shape).astype(np.float32) * side
    matrix = cv2.getAffineTransform(corners, moved)
    image = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    image = image.reshape(height, width, channels)
    noise = rng.uniform(-1, 1, (height, width, 2))
    shift = ndimage.gaussian_filter(noise, (sigma * side, sigma * side, 0), mode='reflect', truncate=3)
    place = np.indices((height, width)) + strength * side * np.moveaxis(shift, 2, 0)
    layers = [ndimage.map_coordinates(layer, place, order=1, mode='reflect') for layer in np.moveaxis(image, 2, 0)]
    return np.stack(layers, axis=2)


def pixelate(image: Array, rng: np.random.Generator, factor: float) -> Array:
    """Make the image smaller by ``factor`` and enlarge it again, both with a box filter."""
    picture = to_pillow(image)
    width, height = picture.size
    small = picture.resize((max(1, int(width * factor)), max(1, int(height * factor))), Image.Resampling.BOX)
    return from_pillow(small.resize((width, height), Image.Resampling.BOX))


def jpeg_compression(image: Array, rng: np.random.Generator, quality: int) -> Array:
    """Write the image as JPEG and read it again."""
    file = io.BytesIO()
    to_pillow(image).save(file, 'JPEG', quality=quality)
    return from_pillow(Image.open(file))


def to_bytes(image: Array) -> Array:
    """uint8, clipped and rounded down as in the published code; a little above, so that 1/255 stays 1."""
    return (255 * np.clip(image, 0, 1) + 1e-3).astype(np.uint8)


def to_pillow(image: Array) -> Image.Image:
    """A Pillow image of one or three channels."""
    pixels = to_bytes(image)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def from_pillow(picture: Image.Image) -> Array:
    """Back to float32 in [0, 1], shape (H, W, C)."""
    pixels = np.asarray(picture, np.float32) / 255
    return pixels.reshape(*pixels.shape[:2], -1)
