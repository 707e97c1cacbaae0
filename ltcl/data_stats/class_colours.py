"""Masks laid over images: a colour for each class."""

import colorsys

import numpy as np

SHARE = 0.5


def colour_of(label: int) -> tuple[int, int, int]:
    """A colour of a class, far from those of its neighbours: the hue goes on by the golden ratio.

    Example:
        >>> colour_of(0)
        (242, 36, 36)
    """
    # Of classes with hues that are alike again, the lightness differs.
    red, green, blue = colorsys.hls_to_rgb(label * 0.618034 % 1, (0.545, 0.4, 0.7)[label // 8 % 3], 0.89)
    return round(255 * red), round(255 * green), round(255 * blue)


def laid_over(image: np.ndarray, labels: np.ndarray, num_classes: int, share: float = SHARE) -> np.ndarray:
    """An image with its classes in colours; what is no class is darkened.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        labels: Class of each pixel, shape (H, W); other values are no class.
        num_classes: Number of classes.
        share: Of the colours.
    """
    colours = np.array([*map(colour_of, range(num_classes)), (0, 0, 0)], float)
    places = np.where((labels >= 0) & (labels < num_classes), labels, num_classes)
    return ((1 - share) * image + share * colours[places]).round().astype(np.uint8)
