"""Scenes composed of Fashion-MNIST garments, for segmentation: real pixels, exact masks, a long tail of classes.

A scene is a grey picture with a few garments on a cloudy background. A garment is turned, enlarged, dimmed and put
where there is some room; those that come later cover those before. Label 0 is the background, 1 + c is class c of
Fashion-MNIST.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import binary_fill_holes

CLASSES = (
    'background',
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
)
# Colours of the classes in pictures of label maps, RGB.
PALETTE = (
    (0, 0, 0),
    (31, 119, 180),
    (174, 199, 232),
    (255, 127, 14),
    (255, 187, 120),
    (44, 160, 44),
    (152, 223, 138),
    (214, 39, 40),
    (148, 103, 189),
    (227, 119, 194),
    (188, 189, 34),
)

SIZE = 96
GARMENTS_PER_SCENE = 6
# Places that are drawn for a garment; it takes the one where it covers least of the others.
PLACES = 6
SCALES = (1.0, 1.6)
DEGREES = 20
BRIGHTNESS = (0.6, 1.0)
# The darkest grey that belongs to a garment, of 255; below it are its empty surroundings.
DARKEST = 12
CLOUD_CELLS, CLOUD_BRIGHTNESS, NOISE = 6, 60, 6


@dataclass(frozen=True)
class Scene:
    """A picture and its label map.

    Attributes:
        image: Grey values, uint8, shape (SIZE, SIZE).
        labels: 0 for the background, 1 + c for class c; uint8, shape (SIZE, SIZE).
    """

    image: np.ndarray
    labels: np.ndarray


def deal_garments(labels: np.ndarray, class_counts: np.ndarray, seed: int) -> list[np.ndarray]:
    """Which garments each scene shows.

    Args:
        labels: Class of every garment there is, shape (N,).
        class_counts: Garments to take of each class, shape (10,); none is taken twice.
        seed: Of the draw.

    Returns:
        For each scene the indices of its garments; all scenes but the last have ``GARMENTS_PER_SCENE`` of them.
    """
    generator = np.random.default_rng(seed)
    pools = [generator.permutation(np.flatnonzero(labels == label)) for label in range(len(class_counts))]
    deck = np.concatenate([pool[:count] for pool, count in zip(pools, class_counts, strict=True)])
    generator.shuffle(deck)
    return np.split(deck, np.arange(GARMENTS_PER_SCENE, len(deck), GARMENTS_PER_SCENE))


def compose_scenes(images: np.ndarray, labels: np.ndarray, class_counts: np.ndarray, seed: int) -> Iterator[Scene]:
    """Scenes that show the given number of garments of each class; the same for the same seed.

    Args:
        images: Garments, uint8, shape (N, 28, 28).
        labels: Their classes, shape (N,).
        class_counts: Garments to show of each class, shape (10,).
        seed: Of all draws.

    Yields:
        One scene after the other.
    """
    for number, garments in enumerate(deal_garments(labels, class_counts, seed)):
        generator = np.random.default_rng((seed, number))
        yield compose_scene(images[garments], labels[garments], generator)


def compose_scene(images: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> Scene:
    """One scene.

    Args:
        images: Its garments, uint8, shape (N, 28, 28), the one in front last.
        labels: Their classes, shape (N,).
        generator: Of all draws.
    """
    canvas, label_map = _cloudy_background(generator), np.zeros((SIZE, SIZE), np.uint8)
    for image, label in zip(images, labels, strict=True):
        garment = _vary(image, generator)
        mask = binary_fill_holes(garment > DARKEST)
        place = _choose_place(mask, label_map, generator)
        brightness = generator.uniform(*BRIGHTNESS)
        canvas[place] = np.where(mask, brightness * garment, canvas[place])
        label_map[place] = np.where(mask, 1 + label, label_map[place])
    noisy = canvas + generator.normal(0, NOISE, canvas.shape)
    return Scene(noisy.round().clip(0, 255).astype(np.uint8), label_map)


def _vary(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The garment turned, enlarged and perhaps mirrored."""
    side = round(len(image) * generator.uniform(*SCALES))
    picture = Image.fromarray(image).rotate(generator.uniform(-DEGREES, DEGREES), Image.Resampling.BILINEAR)
    garment = np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
    return garment[:, ::-1] if generator.random() < 0.5 else garment


def _choose_place(mask: np.ndarray, label_map: np.ndarray, generator: np.random.Generator) -> tuple[slice, slice]:
    """Where a garment of this mask covers little of what is there."""
    height, width = mask.shape
    corners = generator.integers((SIZE - height + 1, SIZE - width + 1), size=(PLACES, 2))
    places = [np.s_[top : top + height, left : left + width] for top, left in corners]
    return min(places, key=lambda place: np.count_nonzero(label_map[place][mask]))


def _cloudy_background(generator: np.random.Generator) -> np.ndarray:
    """Smooth random brightness, as dark as the garments' shades."""
    cells = generator.uniform(0, CLOUD_BRIGHTNESS, (CLOUD_CELLS, CLOUD_CELLS)).astype(np.float32)
    return np.array(Image.fromarray(cells).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
