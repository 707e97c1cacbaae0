"""What ``ltcl test --out`` writes: an ``.npz`` of plain arrays, which runs no code when it is read."""

import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ltcl.errors import UserError
from ltcl.files import atomic_file

FORMAT = 1
UNKNOWN = -1
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


class SavedPredictions(NamedTuple):
    """Answers of a classifier for N images and C classes.

    Args:
        scores: Logits, float32, shape (N, C): their softmax is the probabilities of ``ltcl test``.
        labels: True class of each image, int64, shape (N,); -1 where it is not known.
        paths: File of each image as the data set names it, shape (N,); '' where the images are in no files.
        classes: Names of the classes, shape (C,).
        class_counts: Training images per class, int64, shape (C,); -1 where they are not known.
        split: Which images: ``'test'``, ``'val'``, or the name of a folder.
        checkpoint: Name of the model: work dir and checkpoint, without the place where they lie.
        frequency_power: The scores answer for a class mix proportional to this power of the training counts: 1 is the
            natural mix, 0 the balanced one; NaN where that is not known.
    """

    scores: np.ndarray
    labels: np.ndarray
    paths: np.ndarray
    classes: np.ndarray
    class_counts: np.ndarray
    split: str = 'test'
    checkpoint: str = ''
    frequency_power: float = float('nan')

    @property
    def probabilities(self) -> np.ndarray:
        """Softmax of the scores, float64, shape (N, C)."""
        scores = self.scores.astype(np.float64)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def labelled(self) -> 'SavedPredictions':
        """The images whose class is known."""
        known = self.labels != UNKNOWN
        return self._replace(scores=self.scores[known], labels=self.labels[known], paths=self.paths[known])


def save_predictions(path: str | Path, predictions: SavedPredictions) -> None:
    """Write predictions, whole or not at all.

    Args:
        path: The ``.npz`` file, replaced if it exists.
        predictions: Arrays or lists; they get the types that :class:`SavedPredictions` tells.

    Raises:
        UserError: Shapes that do not go together, a label that is no class, scores that are not finite, or a place
            that cannot be written.
    """
    write_arrays(path, {'format': np.int64(FORMAT), **_typed(predictions._asdict(), str(path))})


def write_arrays(path: str | Path, arrays: dict[str, Any]) -> None:
    """Write arrays into an ``.npz`` file, whole or not at all.

    Raises:
        UserError: A place that cannot be written.
    """
    try:
        with atomic_file(path) as file:
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise UserError(f'predictions cannot be written to {path}: {error.strerror or error}') from error


def load_predictions(path: str | Path) -> SavedPredictions:
    """Read predictions. Nothing in the file is run.

    Args:
        path: What :func:`save_predictions` wrote.

    Raises:
        UserError: No such file, it is damaged, of another kind or format, lacks an array, or its shapes do not go
            together.
    """
    arrays = arrays_of(Path(path))
    if 'format' not in arrays:
        raise UserError(f'{path} has no predictions of `ltcl test --out`: it lacks format')
    if arrays['format'].shape != () or arrays['format'] != FORMAT:
        raise UserError(f'{path} has the format {arrays["format"]}, this version reads {FORMAT}: write it anew')
    missing = [name for name in SavedPredictions._fields if name not in arrays]
    if missing:
        raise UserError(f'{path} lacks {", ".join(missing)}: write it anew with `ltcl test --out`')
    found = _typed({name: arrays[name] for name in SavedPredictions._fields}, str(path))
    texts: dict[str, Any] = {name: str(found[name]) for name in ('split', 'checkpoint')}
    return SavedPredictions(**{**found, **texts, 'frequency_power': float(found['frequency_power'])})


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """Arrays of an ``.npz`` file, of which nothing is run.

    Raises:
        UserError: No such file, or it is damaged or of another kind.
    """
    if not path.is_file():
        raise UserError(f'{path} is no file: `ltcl test RUN --out {path}` writes predictions')
    if not zipfile.is_zipfile(path):
        raise UserError(f'{path} is no .npz file of predictions: `ltcl test RUN --out FILE.npz` writes them')
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except ValueError as error:  # what NumPy says of an array of Python objects
        raise UserError(f'{path} is no file of plain arrays ({error}): nothing else is read') from error
    except DAMAGED as error:
        raise UserError(f'{path} is damaged ({error}): write it anew with `ltcl test --out`') from error


def _typed(fields: dict[str, Any], source: str) -> dict[str, Any]:
    """Arrays of the right types, checked."""
    types = dict(scores=np.float32, labels=np.int64, class_counts=np.int64, frequency_power=np.float64)
    try:
        arrays = {name: np.asarray(value).astype(types.get(name, np.str_)) for name, value in fields.items()}
    except (TypeError, ValueError) as error:
        raise UserError(f'{source}: an array is of the wrong type ({error})') from error
    scores, labels = arrays['scores'], arrays['labels']
    if scores.ndim != 2:
        raise UserError(f'{source}: scores must have the shape (images, classes), got {scores.shape}')
    images, classes = scores.shape
    expected: dict[str, tuple] = dict(labels=(images,), paths=(images,), classes=(classes,), class_counts=(classes,))
    expected.update(split=(), checkpoint=(), frequency_power=())
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise UserError(f'{source}: {name} must have the shape {shape}, got {arrays[name].shape}')
    if not np.isfinite(scores).all():
        raise UserError(f'{source}: scores are not finite')
    if images and not UNKNOWN <= labels.min() <= labels.max() < classes:
        raise UserError(f'{source}: labels must be from {UNKNOWN} to {classes - 1}, got {labels.min()}..{labels.max()}')
    return arrays
