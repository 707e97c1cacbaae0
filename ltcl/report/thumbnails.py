"""Small pictures of wrong answers, inside of the page."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ltcl.neutral_text import visible

from .class_figures import Answers
from .matrix import Matrix
from .run_files import RunFiles

SIDE = 88
MOST = 160
MAX_BYTES = 1_200_000
PER_CELL = 4
MAX_PIXELS = 60_000_000


@dataclass(frozen=True)
class WrongImage:
    """A wrong answer.

    Attributes:
        file: Name of the image, safe to show.
        picture: JPEG as a data URI; None where the image is not at hand.
        true, predicted: Labels.
        confidence: Probability of the answer, percent.
        cell: Row and column in the matrix.
    """

    file: str
    picture: str | None
    true: int
    predicted: int
    confidence: float
    cell: tuple[int, int]


def wrong_images(run: RunFiles, matrix: Matrix, most: int = MOST) -> list[WrongImage]:
    """The most confident wrong answers: first a few of each cell of the matrix, then any; at most so many in all.

    Args:
        run: With saved predictions.
        matrix: Its confusion matrix.
        most: How many there may be; the pictures together stay below 1.2 MB.
    """
    answers, saved = run.answers, run.saved
    assert answers is not None
    assert saved is not None
    found, size = [], 0
    for place in choose(answers, matrix, most):
        file = Path(str(saved.paths[place]))
        data = thumbnail(file if file.is_absolute() or file.exists() else run.folder / file)
        size += len(data or '')
        true, predicted = int(answers.labels[place]), int(answers.preds[place])
        cell = int(matrix.group_of[true]), int(matrix.group_of[predicted])
        confidence = 100 * float(answers.confidence[place])
        data = data if size <= MAX_BYTES else None
        found.append(WrongImage(visible(file.name, width=60), data, true, predicted, confidence, cell))
    return found


def choose(answers: Answers, matrix: Matrix, most: int) -> list[int]:
    """Places of the wrong answers to show, the most confident one first."""
    wrong = np.flatnonzero(~answers.is_right)
    wrong = wrong[np.argsort(-answers.confidence[wrong], kind='stable')]
    in_cell: dict[tuple[int, int], int] = {}
    first: list[int] = []
    later: list[int] = []
    for place in wrong.tolist():
        cell = int(matrix.group_of[answers.labels[place]]), int(matrix.group_of[answers.preds[place]])
        in_cell[cell] = in_cell.get(cell, 0) + 1
        (first if in_cell[cell] <= PER_CELL else later).append(place)
    chosen = [*first, *later][:most]
    return sorted(chosen, key=lambda place: -answers.confidence[place])


def thumbnail(path: Path) -> str | None:
    """A small JPEG of an image as a data URI; None if it cannot be read."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft('RGB', (2 * SIDE, 2 * SIDE))
            return jpeg_uri(ImageOps.exif_transpose(image).convert('RGB'), SIDE)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def jpeg_uri(image: Image.Image, side: int) -> str:
    """A small JPEG of an RGB image as a data URI.

    Args:
        image: The image.
        side: Longer side that it has at most.
    """
    small = image.copy()
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, 'JPEG', quality=72)
    return f'data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}'
