"""Where a segmentation is wrong: small pictures with their true and predicted masks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ltcl.neutral_text import visible
from ltcl.predictions.few_of_each import few_of_each
from ltcl.predictions.saved_scenes import VOID, SavedScenes

from .matrix import Matrix
from .thumbnails import MAX_BYTES, MOST, image_uri

VOID_COLOUR = (255, 255, 255)


@dataclass(frozen=True)
class WrongArea:
    """An area around the pixels of one class that were taken for one other.

    Attributes:
        file: Name of the image, safe to show.
        pictures: The image, its truth and the answer there, as data URIs.
        true, predicted: Labels.
        pixels: How many pixels they are in the whole image.
        cell: Row and column in the matrix.
    """

    file: str
    pictures: tuple[str, ...]
    true: int
    predicted: int
    pixels: int
    cell: tuple[int, int]


def wrong_areas(scenes: SavedScenes, matrix: Matrix) -> list[WrongArea]:
    """The largest wrong areas, a few of each cell of the matrix first, as many as 1.2 MB hold.

    Args:
        scenes: Saved answers of a segmentation.
        matrix: Their confusion matrix.
    """
    groups = matrix.group_of[scenes.area_entries[:, 1:3]].tolist()
    cells = [(true, predicted) for true, predicted in groups]
    palette = np.concatenate([scenes.palette, np.array([VOID_COLOUR], np.uint8)]).tobytes()
    found, size = [], 0
    for place in few_of_each(cells, MOST):
        image, true, predicted, pixels = scenes.area_entries[place].tolist()
        masks = (_mask(labels[place], palette) for labels in (scenes.area_truths, scenes.area_answers))
        pictures = (image_uri(Image.fromarray(scenes.area_pictures[place]), 'JPEG', quality=72), *masks)
        size += sum(map(len, pictures))
        if size > MAX_BYTES:
            break
        name = visible(Path(str(scenes.paths[image])).name, width=60)
        found.append(WrongArea(name, pictures, true, predicted, pixels, cells[place]))
    return found


def _mask(labels: np.ndarray, palette: bytes) -> str:
    """A mask in the colours of the classes, void in white."""
    if len(palette) // 3 <= 256:
        image = Image.fromarray(np.where(labels == VOID, len(palette) // 3 - 1, labels).astype(np.uint8), 'P')
        image.putpalette(palette)
    else:
        image = Image.fromarray(np.frombuffer(palette, np.uint8).reshape(-1, 3)[labels])  # VOID is the last one
    return image_uri(image, 'PNG')
