"""What ``ltcl test --out`` writes: an ``.npz`` of plain arrays, which runs no code when it is read."""

import shlex
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ltcl.errors import UserError
from ltcl.files import atomic_file

from .score_rows import LARGE, ScoreRows, mapped_member, row_blocks

FORMAT = 1
SCENES_KEY = 'scenes_format'
"""Array that tells the answers of a segmentation, :mod:`.saved_scenes`, from predictions."""
UNKNOWN = -1
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


class SoftAnswers(NamedTuple):
    """What probabilities tell of N images.

    Args:
        answers: Likeliest class, int64, shape (N,).
        confidence: Its probability, float64, shape (N,).
        own: Probability of the true class, float64, shape (N,).
    """

    answers: np.ndarray
    confidence: np.ndarray
    own: np.ndarray


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
        return softmax(self.scores)

    def soft_answers(self) -> 'SoftAnswers':
        """What the probabilities tell of each image, found without having all of them at a time."""
        answers, confidence = np.empty(len(self.labels), np.int64), np.empty(len(self.labels))
        own = np.empty(len(self.labels))
        for part in row_blocks(self.scores.shape):
            probabilities = softmax(self.scores[part])
            answers[part], confidence[part] = probabilities.argmax(axis=1), probabilities.max(axis=1)
            own[part] = probabilities[np.arange(len(probabilities)), self.labels[part]]
        return SoftAnswers(answers, confidence, own)

    def probability_columns(self) -> Iterator[np.ndarray]:
        """The probabilities of some classes at a time, float64, shape (N, K)."""
        highest, sums = np.empty(len(self.labels)), np.empty(len(self.labels))
        for part in row_blocks(self.scores.shape):
            scores = self.scores[part].astype(np.float64)
            highest[part] = scores.max(axis=1)
            sums[part] = np.exp(scores - highest[part, None]).sum(axis=1)
        for part in row_blocks(self.scores.shape[::-1]):
            yield np.exp(self.scores[:, part] - highest[:, None]) / sums[:, None]

    def labelled(self) -> 'SavedPredictions':
        """The images whose class is known."""
        known = self.labels != UNKNOWN
        if known.all():
            return self
        return self._replace(scores=self.scores[known], labels=self.labels[known], paths=self.paths[known])


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of each row of scores, float64, shape (N, C).

    Args:
        scores: Shape (N, C).

    Example:
        >>> softmax(np.log([[1.0, 3.0]]))
        array([[0.25, 0.75]])
    """
    scores = scores.astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def save_predictions(path: str | Path, predictions: SavedPredictions) -> None:
    """Write predictions, whole or not at all.

    Args:
        path: The ``.npz`` file, replaced if it exists.
        predictions: Arrays or lists; they get the types that :class:`SavedPredictions` tells. The scores may be
            :class:`ltcl.predictions.score_rows.ScoreRows`, which are never all in memory.

    Raises:
        UserError: Shapes that do not go together, a label that is no class, scores that are not finite, or a place
            that cannot be written.

    Example:
        >>> import tempfile
        >>> kept = SavedPredictions([[0.5, 2.0]], [1], ['a.jpg'], ['cat', 'dog'], [300, 7], checkpoint='birds/epoch_20')
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_predictions(f'{folder}/predictions.npz', kept)
        ...     found = load_predictions(f'{folder}/predictions.npz')
        >>> found.scores, found.checkpoint
        (array([[0.5, 2. ]], dtype=float32), 'birds/epoch_20')
    """
    write_arrays(path, {'format': np.int64(FORMAT), **_typed(predictions._asdict(), str(path))})


def write_arrays(path: str | Path, arrays: dict[str, Any]) -> None:
    """Write arrays into an ``.npz`` file, whole or not at all: as ``numpy.savez_compressed``, but one by one.

    Args:
        path: The file.
        arrays: Arrays or :class:`ScoreRows` by name.

    Raises:
        UserError: Scores that are not finite, or a place that cannot be written.
    """
    try:
        with atomic_file(path) as file, zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                with archive.open(f'{name}.npy', 'w', force_zip64=True) as member:
                    if isinstance(array, ScoreRows):
                        _write_rows(member, array, str(path))
                    else:
                        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    except OSError as error:
        raise UserError(f'predictions cannot be written to {path}: {error.strerror or error}') from error


def _write_rows(member: IO[bytes], rows: ScoreRows, source: str) -> None:
    header = dict(shape=rows.shape, fortran_order=False, descr=np.lib.format.dtype_to_descr(np.dtype(np.float32)))
    np.lib.format.write_array_header_1_0(member, header)
    for block in rows.blocks():
        _check_finite(block, source)
        member.write(block.tobytes())


def load_predictions(path: str | Path) -> SavedPredictions:
    """Read predictions. Nothing in the file is run. Many scores stay on the disk: an array that is read as it is used.

    Args:
        path: What :func:`save_predictions` wrote.

    Raises:
        UserError: No such file, it is damaged, of another kind or format, lacks an array, or its shapes do not go
            together.

    Example:
        >>> import tempfile
        >>> kept = SavedPredictions([[0.5, 2.0]], [-1], ['a.jpg'], ['cat', 'newt'], [300, 5])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_predictions(f'{folder}/a.npz', kept)
        ...     found = load_predictions(f'{folder}/a.npz')
        >>> found.paths[0], found.labels[0], len(found.labelled().labels)
        (np.str_('a.jpg'), np.int64(-1), 0)
    """
    arrays = arrays_of(Path(path))
    if SCENES_KEY in arrays:
        raise UserError(
            f'{path} has answers of a segmentation: `ltcl report RUN --predictions {shlex.quote(str(path))}` shows them'
        )
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
        raise UserError(f'{path} is no file: `ltcl test RUN --out {shlex.quote(str(path))}` writes predictions')
    if not zipfile.is_zipfile(path):
        raise UserError(f'{path} is no .npz file of predictions: `ltcl test RUN --out FILE.npz` writes them')
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: _array_of(file, name) for name in file.files}
    except ValueError as error:  # what NumPy says of an array of Python objects
        raise UserError(f'{path} is no file of plain arrays ({error}): nothing else is read') from error
    except DAMAGED as error:
        raise UserError(f'{path} is damaged ({error}): write it anew with `ltcl test --out`') from error


def _array_of(file: Any, name: str) -> np.ndarray:
    """An array of an opened ``.npz`` file, on the disk if it is large."""
    members = {member.filename: member for member in file.zip.infolist()}
    member = members.get(f'{name}.npy')
    return file[name] if member is None or member.file_size < LARGE else mapped_member(file.zip, member)


def _as_type(value: Any, dtype: Any) -> np.ndarray:
    return np.asanyarray(value).astype(dtype, copy=False)


def _check_finite(scores: np.ndarray, source: str) -> None:
    if not np.isfinite(scores).all():
        raise UserError(f'{source}: scores are not finite')


def _typed(fields: dict[str, Any], source: str) -> dict[str, Any]:
    """Arrays of the right types, checked."""
    types = dict(scores=np.float32, labels=np.int64, class_counts=np.int64, frequency_power=np.float64)
    try:
        arrays: dict[str, Any] = {
            name: value if isinstance(value, ScoreRows) else _as_type(value, types.get(name, np.str_))
            for name, value in fields.items()
        }
    except (TypeError, ValueError) as error:
        raise UserError(f'{source}: an array is of the wrong type ({error})') from error
    scores, labels = arrays['scores'], arrays['labels']
    if len(scores.shape) != 2:
        raise UserError(f'{source}: scores must have the shape (images, classes), got {scores.shape}')
    images, classes = scores.shape
    expected: dict[str, tuple] = dict(labels=(images,), paths=(images,), classes=(classes,), class_counts=(classes,))
    expected.update(split=(), checkpoint=(), frequency_power=())
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise UserError(f'{source}: {name} must have the shape {shape}, got {arrays[name].shape}')
    for part in row_blocks(scores.shape) if isinstance(scores, np.ndarray) else ():
        _check_finite(scores[part], source)
    if images and not UNKNOWN <= labels.min() <= labels.max() < classes:
        raise UserError(f'{source}: labels must be from {UNKNOWN} to {classes - 1}, got {labels.min()}..{labels.max()}')
    return arrays
