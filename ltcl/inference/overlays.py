"""Predicted classes over the image, to be looked at."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ltcl.analysis.figure_names import figure_names

OVERLAYS = 'overlays'
"""Folder of the overlays, below that of the masks."""
LEGEND = 'legend.svg'
"""Its legend, which has another ending than overlays."""
STRENGTH = 0.5
WIDTH, ROW = 6.4, 0.24  # inches
FONT_SIZE = 10

Colours = Sequence[Sequence[int]]


def overlay(image: np.ndarray, labels: np.ndarray, colours: Colours, strength: float = STRENGTH) -> np.ndarray:
    """An image under the colours of its classes.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        labels: Class of each pixel, shape (H, W).
        colours: RGB of each class, and last of what is no class, which all other labels get.
        strength: Share of the colours, of 0..1.

    Returns:
        RGB, uint8, shape (H, W, 3).

    Example:
        >>> overlay(np.full((1, 2, 3), 100, np.uint8), np.array([[0, 255]]), [(0, 0, 0), (200, 100, 0)]).tolist()
        [[[50, 50, 50], [150, 100, 50]]]
    """
    painted = np.array(colours, np.float32)[np.minimum(labels, len(colours) - 1)]
    return np.rint((1 - strength) * image + strength * painted).astype(np.uint8)


def png_of(image: np.ndarray) -> bytes:
    """The content of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, 'PNG')
    return file.getvalue()


def legend(classes: Sequence[str], colours: Colours) -> bytes:
    """The content of an SVG file with the colour and the name of each class.

    Args:
        classes: Names of the classes.
        colours: RGB of each of them, 0 to 255, as in overlays before they are mixed with the image.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    names = figure_names(classes, range(len(classes)), where='place of its column, from 0')
    rows = -(-len(classes) // names.legend_columns(WIDTH, FONT_SIZE)) + 2 * bool(names.note)
    figure = Figure(figsize=(WIDTH, ROW * (rows + 1)))
    painted: Any = np.array(colours[: len(classes)]) / 255
    handles = [Patch(facecolor=each, edgecolor='#666666') for each in painted]
    names.draw_legend(figure, handles, 'center', FONT_SIZE)
    file = io.BytesIO()
    figure.savefig(file, format='svg')
    return file.getvalue()


def overlay_path(folder: str | Path, mask: str) -> Path:
    """Where the overlay of a mask lies.

    Args:
        folder: That of the masks.
        mask: Name of the mask.
    """
    return Path(folder, OVERLAYS, mask)
