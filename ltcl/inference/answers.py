"""What a model answers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ltcl.errors import UserError
from ltcl.value_ranges import SHARE

Reject = float | Mapping[str, float]
"""Least probability of an answer: one, or one for each class."""


class Prediction(NamedTuple):
    """The likeliest classes of an image.

    Args:
        path: Its file; None of an array or a picture.
        classes: Names of the likeliest classes, the likeliest first; none of an image that could not be read.
        probabilities: Of these classes.
        error: Why the image could not be read; None if it was.
    """

    path: str | None
    classes: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    error: str | None = None

    def label(self, reject: Reject = 0.0) -> str | None:
        """Name of the likeliest class; None if its probability is too low, or the image could not be read.

        Args:
            reject: Least probability, of 0..1, or one by class, such as ``LongTailClassifier.thresholds``.

        Raises:
            UserError: No such probability, or none of that class.
        """
        if not isinstance(reject, Mapping) and float(reject) not in SHARE:
            raise UserError(f'reject={reject!r} must be {SHARE}, or such numbers by class')
        if not self.classes:
            return None
        name = self.classes[0]
        if isinstance(reject, Mapping) and name not in reject:
            raise UserError(f'reject has no least probability of {name!r}: give one for each class of the model')
        least = reject[name] if isinstance(reject, Mapping) else reject
        return name if self.probabilities[0] >= least else None


class PredictionStopped(KeyboardInterrupt):
    """Ctrl-C came before all images were answered.

    Attributes:
        predictions: Of the images that were, in order.
        total: Number of all images.
    """

    def __init__(self, predictions: list[Prediction], total: int) -> None:
        super().__init__(f'{len(predictions)} of {total} images are answered')
        self.predictions, self.total = predictions, total


class Embeddings(NamedTuple):
    """Features of images.

    Args:
        features: Pooled features of the encoder, float32, shape (N, C), a row for each image that could be read.
        paths: File of each row; None of an array or a picture.
        unreadable: Why the others could not be read, by file, or by position as text where there is no file.
    """

    features: np.ndarray
    paths: list[str | None]
    unreadable: dict[str, str]


class EmbeddingStopped(KeyboardInterrupt):
    """Ctrl-C came before all images were encoded.

    Attributes:
        embeddings: Of the images that were, in order.
        total: Number of all images.
    """

    def __init__(self, embeddings: Embeddings, total: int) -> None:
        done = len(embeddings.paths) + len(embeddings.unreadable)
        super().__init__(f'{done} of {total} images are encoded')
        self.embeddings, self.total = embeddings, total
