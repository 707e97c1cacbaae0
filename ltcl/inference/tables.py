"""Predictions and features as files."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.neutral_text import csv_text, visible

from .answers import Embeddings, Prediction, Reject


def table_of(predictions: Sequence[Prediction], suffix: str, top: int = 1, reject: Reject = 0.0) -> str:
    """Predictions as the text of a file.

    A CSV file has the columns ``path,class,probability``, then ``class_2,probability_2`` and so on. The class is empty
    where its probability is below ``reject``, which is still there; both are empty for an image that could not be read.
    Names are neutral, see :mod:`ltcl.neutral_text`. A JSON file is a list of one dict an image with the names as they
    are: ``path``, ``class`` (null as above), ``classes`` with name and ``probability`` of each, and ``error``.

    Args:
        predictions: The predictions.
        suffix: ``'.csv'`` or ``'.json'``.
        top: Classes of each.
        reject: Least probability of an answer, or one by class.
    """
    if suffix == '.json':
        return json_text([_entry(each, top, reject) for each in predictions])
    more = [name for rank in range(2, top + 1) for name in (f'class_{rank}', f'probability_{rank}')]
    return csv_text(['path', 'class', 'probability', *more], [list(_cells(each, top, reject)) for each in predictions])


def json_text(entries: Sequence[dict]) -> str:
    """A JSON file of one dict an image."""
    return json.dumps(entries, indent=1) + '\n'


def _entry(prediction: Prediction, top: int, reject: Reject) -> dict:
    ranked = zip(prediction.classes[:top], map(_short, prediction.probabilities[:top]), strict=True)
    return {
        'path': prediction.path,
        'class': prediction.label(reject),
        'classes': [{'class': name, 'probability': value} for name, value in ranked],
        'error': prediction.error,
    }


def _cells(prediction: Prediction, top: int, reject: Reject) -> Iterator[object]:
    yield prediction.path
    for rank in range(top):
        is_there = rank < len(prediction.classes)
        name = prediction.classes[rank] if is_there else None
        yield name if rank else prediction.label(reject)
        yield _short(prediction.probabilities[rank]) if is_there else None


def _short(probability: float) -> float:
    """The shortest number that is this one in float32, in which the model answers."""
    return float(str(np.float32(probability)))


def write_table(path: str | Path, text: str, option: str = '--out') -> None:
    """Write the text of :func:`table_of`, whole or not at all.

    Args:
        path: The file.
        text: Its content.
        option: What names the file, for a message.

    Raises:
        UserError: The place cannot be written to.
    """
    _write(path, text, option)


def write_features(path: str | Path, embeddings: Embeddings, model: str) -> None:
    """Write ``features`` (N, C), ``paths`` (N,) and ``model``, a name, as NumPy's ``.npz``.

    Raises:
        UserError: The place cannot be written to.
    """
    file = io.BytesIO()
    paths = np.array([visible(path) for path in embeddings.paths], dtype=np.str_)
    np.savez(file, features=embeddings.features, paths=paths, model=np.array(model))
    _write(path, file.getvalue())


def _write(path: str | Path, content: str | bytes, option: str = '--out') -> None:
    try:
        write_atomic(path, content)
    except OSError as error:
        raise UserError(
            f'cannot write {path} ({error.strerror or error}): choose another place with {option}'
        ) from error
