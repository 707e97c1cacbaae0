"""Weather. Every function takes a float32 image in [0, 1], shape (H, W, C), and a generator; the caller clips."""

import cv2
import numpy as np

from ...errors import UserError
from .blur import smear, zoom

Array = np.ndarray


def plasma(shape: tuple[int, int], decay: float, rng: np.random.Generator) -> Array:
    """Clouds in [0, 1] by midpoint displacement on a torus.

    Args:
        shape: Height and width.
        decay: The displacement shrinks by its square from one scale to the next.
        rng: Generator.

    Differs from the original: the midpoint of a horizontal edge lies between its left and its right end; the published
    code takes the corner below for the right one.
    """
    size = 2 ** int(np.ceil(np.log2(max(*shape, 2))))
    grid = np.zeros((size, size))
    step, height = size, 1.0
    while step >= 2:
        half = step // 2
        corner = grid[::step, ::step]
        below, right = np.roll(corner, -1, 0), np.roll(corner, -1, 1)
        noise = rng.uniform(-height, height, (3, *corner.shape))
        centre = (corner + below + right + np.roll(below, -1, 1)) / 4 + noise[0]
        grid[half::step, half::step] = centre
        grid[::step, half::step] = (corner + right + centre + np.roll(centre, 1, 0)) / 4 + noise[1]
        grid[half::step, ::step] = (corner + below + centre + np.roll(centre, 1, 1)) / 4 + noise[2]
        step, height = half, height / decay**2
    grid -= grid.min()
    return (grid / grid.max())[: shape[0], : shape[1]].astype(np.float32)


def fog(image: Array, rng: np.random.Generator, strength: float, decay: float) -> Array:
    """Lay clouds over the image and take the brightness back to its former maximum."""
    brightest = image.max()
    clouds = strength * plasma(image.shape[:2], decay, rng)
    return (image + clouds[..., None]) * brightest / (brightest + strength)


def snow(
    image: Array,
    rng: np.random.Generator,
    mean: float,
    std: float,
    size: float,
    threshold: float,
    radius: int,
    sigma: float,
    keep: float,
) -> Array:
    """Bleach the image and add flakes that fall: thresholded noise, enlarged and smeared, and the same upside down."""
    flakes = zoom(rng.normal(mean, std, (*image.shape[:2], 1)), size)
    flakes = np.where(flakes < threshold, 0, np.clip(flakes, 0, 1)).astype(np.float32)
    flakes = smear(flakes, radius, sigma, rng.uniform(-135, -45))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] if image.shape[2] == 3 else image
    bleached = keep * image + (1 - keep) * np.maximum(image, 1.5 * grey + 0.5)
    return bleached + flakes + np.rot90(flakes, 2)


def frost(image: Array, rng: np.random.Generator, keep: float, strength: float, photos: list[Array] | None) -> Array:
    """Mix the image with frost on a window pane, ``keep * image + strength * frost``.

    Differs from the original: without ``photos`` the frost is drawn (:func:`ice`), since the photographs of the
    published code are not part of this toolbox. So the figures of a model on this corruption cannot be compared with
    published ones.

    Args:
        image: The image.
        rng: Generator.
        keep: Share of the image.
        strength: Share of the frost.
        photos: Photographs of frost, float32 in [0, 1], shape (H, W, 3), each at least as large as the image; one of
            them is cropped at random.

    Raises:
        UserError: A photograph is smaller than the image.
    """
    height, width, channels = image.shape
    if photos is None:
        texture = ice((height, width), rng)
    else:
        photo = photos[rng.integers(len(photos))]
        if photo.shape[0] < height or photo.shape[1] < width:
            raise UserError(
                f'a photograph of frost has {photo.shape[1]}x{photo.shape[0]} pixels, fewer than an image with its '
                f'{width}x{height}: use larger photographs'
            )
        top = rng.integers(photo.shape[0] - height + 1)
        left = rng.integers(photo.shape[1] - width + 1)
        texture = photo[top : top + height, left : left + width]
    if channels == 1:
        texture = texture.mean(axis=2, keepdims=True)
    return keep * image + strength * texture


def ice(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """A bluish pattern of ice needles: the ridges of clouds at two scales, thicker in some places than in others.

    Args:
        shape: Height and width.
        rng: Generator.

    Returns:
        float32 in [0, 1], shape (H, W, 3).
    """
    needles = [1 - np.abs(2 * plasma(shape, decay, rng) - 1) for decay in (1.3, 1.6)]
    cover = plasma(shape, 2, rng)
    texture = (0.25 + 0.75 * cover) * (0.6 * needles[0] ** 4 + 0.6 * needles[1] ** 6 + 0.25)
    return np.clip(texture[..., None] * np.array([0.88, 0.96, 1.0], np.float32), 0, 1)
