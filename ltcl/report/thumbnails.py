"""Small pictures of wrong answers, inside of the page."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ltcl.datasets.transforms.upright import upright_rgb
from ltcl.neutral_text import visible
from ltcl.predictions.few_of_each import few_of_each

from .class_figures import Answers
from .matrix import Matrix
from .run_files import RunFiles

SIDE = 88
MOST = 160
MAX_BYTES = 1_200_000
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
        file = run.image_file(place)
        data = thumbnail(file) if file is not None else None
        size += len(data or '')
        true, predicted = int(answers.labels[place]), int(answers.preds[place])
        cell = int(matrix.group_of[true]), int(matrix.group_of[predicted])
        confidence = 100 * float(answers.confidence[place])
        data = data if size <= MAX_BYTES else None
        name = visible(Path(str(saved.paths[place])).name, width=60)
        found.append(WrongImage(name, data, true, predicted, confidence, cell))
    return found


def choose(answers: Answers, matrix: Matrix, most: int) -> list[int]:
    """Places of the wrong answers to show, the most confident one first."""
    wrong = np.flatnonzero(~answers.is_right)
    wrong = wrong[np.argsort(-answers.confidence[wrong], kind='stable')]
    sides = (matrix.group_of[labels[wrong]].tolist() for labels in (answers.labels, answers.preds))
    return wrong[few_of_each(list(zip(*sides, strict=True)), most)].tolist()


def thumbnail(path: Path) -> str | None:
    """A small JPEG of an image as a data URI; None if it cannot be read."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft('RGB', (2 * SIDE, 2 * SIDE))
            return jpeg_uri(upright_rgb(image), SIDE)
    except Exception:  # Pillow's plugins raise more than their documentation says
        return None


def jpeg_uri(image: Image.Image, side: int) -> str:
    """A small JPEG of an RGB image as a data URI.

    Args:
        image: The image.
        side: Longer side that it has at most.
    """
    small = image.copy()
    small.thumbnail((side, side))
    return image_uri(small, 'JPEG', quality=72)


def image_uri(image: Image.Image, kind: str, **options: object) -> str:
    """An image as an address inside of the page."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f'data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}'
