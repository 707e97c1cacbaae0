"""Where a segmentation is wrong: cut out of picture, truth and answer."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ltcl.datasets.transforms.upright import upright_rgb
from ltcl.predictions.saved_scenes import VOID

SIDE = 88
MARGIN = 0.3
LEAST_MARGIN = 12


@dataclass(frozen=True)  # mmengine makes plain tuples of named ones
class WrongArea:
    """An area around the pixels of one class that were taken for one other.

    Attributes:
        true, predicted: The classes.
        pixels: How many pixels they are in the whole image.
        picture: RGB, uint8, shape (S, S, 3); beside the area it is black.
        truth, answer: Class of each pixel, -1 where there is none, int16, shape (S, S).
    """

    true: int
    predicted: int
    pixels: int
    picture: np.ndarray
    truth: np.ndarray
    answer: np.ndarray


def cut_out(path: str, truth: np.ndarray, answer: np.ndarray, true: int, predicted: int) -> WrongArea:
    """Cut the pixels of a confusion, and what is around them, out of an image.

    Args:
        path: The image; of one that cannot be read the picture is black.
        truth: True classes, -1 where there is none, shape (H, W).
        answer: Predicted classes, shape (H, W).
        true: A class.
        predicted: What it was taken for.
    """
    is_wrong = (truth == true) & (answer == predicted)
    top, bottom = _span(is_wrong.any(1))
    left, right = _span(is_wrong.any(0))
    maps = [_fit(Image.fromarray(labels[top:bottom, left:right].astype(np.int32)), VOID) for labels in (truth, answer)]
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    try:
        with Image.open(path) as file:
            image = upright_rgb(file)  # as the network sees it
            # Truth and answer have the size of the file, or that of the test pipeline.
            x, y = image.width / truth.shape[1], image.height / truth.shape[0]
            box = (round(left * x), round(top * y), round(right * x), round(bottom * y))
            picture = _fit(image.crop(box), 0)
    except Exception:  # Pillow's plugins raise more than their documentation says
        pass
    return WrongArea(true, predicted, int(is_wrong.sum()), picture, *(labels.astype(np.int16) for labels in maps))


def _span(has_wrong: np.ndarray) -> tuple[int, int]:
    """Ends of the rows or columns to show."""
    places = np.flatnonzero(has_wrong)
    first, last = int(places[0]), int(places[-1]) + 1
    margin = max(LEAST_MARGIN, round(MARGIN * (last - first)))
    return max(first - margin, 0), min(last + margin, len(has_wrong))


def _fit(image: Image.Image, beside: int) -> np.ndarray:
    """An image in a square of a fixed size, its ratio kept."""
    scale = SIDE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    is_picture = image.mode == 'RGB'
    values = np.asarray(image.resize(size, Image.Resampling.BICUBIC if is_picture else Image.Resampling.NEAREST))
    square = np.full((SIDE, SIDE, *values.shape[2:]), beside, values.dtype)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = values
    return square
