"""What ``ltcl test --out`` writes of a segmentation: pixels by class and answer, and the largest wrong areas."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ltcl.errors import UserError

from .calibration import NUM_BINS
from .saved import SCENES_KEY, UNKNOWN, arrays_of, write_arrays

FORMAT = 1
VOID = -1
TYPES = dict(
    entries=np.int64,
    class_counts=np.int64,
    palette=np.uint8,
    confidence=np.float64,
    area_entries=np.int64,
    area_pictures=np.uint8,
    area_truths=np.int16,
    area_answers=np.int16,
)


class SavedScenes(NamedTuple):
    """Answers of a segmentation for N images and C classes.

    Args:
        entries: Rows of image, true class, predicted class and number of pixels, int64, shape (P, 4); void pixels are
            in none.
        paths: File of each image, shape (N,).
        classes: Names of the classes, shape (C,).
        class_counts: Training images or pixels of each class, int64, shape (C,); -1 where they are not known.
        palette: Colour of each class, uint8, shape (C, 3).
        confidence: Of the pixels of each true class :func:`ltcl.predictions.calibration.bin_sums` of the probability of
            the answer, float64, shape (C, 3, B); zeros where no probabilities are known.
        area_entries: Wrong areas that are kept, as in ``entries``, the largest first, int64, shape (A, 4).
        area_pictures: What the images show there, RGB, uint8, shape (A, S, S, 3).
        area_truths: True class of each pixel there, -1 where it is void or beside the area, int16, shape (A, S, S).
        area_answers: Predicted class of each pixel there, -1 beside the area, int16, shape (A, S, S).
        split: Which images: ``'test'``, ``'val'``, or the name of a folder.
        checkpoint: Name of the model.
    """

    entries: np.ndarray
    paths: np.ndarray
    classes: np.ndarray
    class_counts: np.ndarray
    palette: np.ndarray
    confidence: np.ndarray
    area_entries: np.ndarray
    area_pictures: np.ndarray
    area_truths: np.ndarray
    area_answers: np.ndarray
    split: str = 'test'
    checkpoint: str = ''


def save_scenes(path: str | Path, scenes: SavedScenes) -> None:
    """Write answers, whole or not at all.

    Args:
        path: The ``.npz`` file, replaced if it exists.
        scenes: Arrays or lists; they get the types that :class:`SavedScenes` tells.

    Raises:
        UserError: A place that cannot be written.
    """
    arrays = {name: np.asarray(value).astype(TYPES.get(name, np.str_)) for name, value in scenes._asdict().items()}
    write_arrays(path, {SCENES_KEY: np.int64(FORMAT), **arrays})


def load_scenes(path: str | Path) -> SavedScenes:
    """Read answers. Nothing in the file is run.

    Args:
        path: What :func:`save_scenes` wrote.

    Raises:
        UserError: No such file, it is damaged, of another kind or format, or its shapes do not go together.
    """
    arrays = arrays_of(Path(path))
    missing = [name for name in (SCENES_KEY, *SavedScenes._fields) if name not in arrays]
    if missing:
        raise UserError(
            f'{path} has no answers of a segmentation, it lacks {", ".join(missing)}: write it anew with `ltcl test '
            '--out`'
        )
    if arrays[SCENES_KEY] != FORMAT:
        raise UserError(f'{path} has the format {arrays[SCENES_KEY]}, this version reads {FORMAT}: write it anew')
    try:
        found = {name: arrays[name].astype(TYPES.get(name, np.str_)) for name in SavedScenes._fields}
    except (TypeError, ValueError) as error:
        raise UserError(f'{path}: an array is of the wrong type ({error})') from error
    _check(found, str(path))
    texts: dict[str, Any] = {name: str(found[name]) for name in ('split', 'checkpoint')}
    return SavedScenes(**{**found, **texts})


def _check(arrays: dict[str, np.ndarray], source: str) -> None:
    images, classes = len(np.atleast_1d(arrays['paths'])), len(np.atleast_1d(arrays['classes']))
    areas, side = len(np.atleast_2d(arrays['area_entries'])), arrays['area_truths'].shape[-1:]
    expected = dict(
        entries=(len(np.atleast_2d(arrays['entries'])), 4),
        paths=(images,),
        classes=(classes,),
        class_counts=(classes,),
        palette=(classes, 3),
        confidence=(classes, 3, NUM_BINS),
        area_entries=(areas, 4),
        area_pictures=(areas, *side, *side, 3),
        area_truths=(areas, *side, *side),
        area_answers=(areas, *side, *side),
        split=(),
        checkpoint=(),
    )
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise UserError(f'{source}: {name} must have the shape {shape}, got {arrays[name].shape}')
    rows = np.concatenate([arrays['entries'], arrays['area_entries']])
    limits = np.array([images, classes, classes, np.iinfo(np.int64).max])
    if len(rows) and ((rows < 0) | (rows >= limits)).any():
        raise UserError(f'{source}: an entry names an image or a class that is not there')
    if not (np.isfinite(arrays['confidence']) & (arrays['confidence'] >= 0)).all():
        raise UserError(f'{source}: confidence must be 0 or more')
    if (arrays['class_counts'] < UNKNOWN).any():
        raise UserError(f'{source}: class_counts must be {UNKNOWN} or more')
    for name in ('area_truths', 'area_answers'):
        if arrays[name].size and not VOID <= arrays[name].min() <= arrays[name].max() < classes:
            raise UserError(f'{source}: {name} must be from {VOID} to {classes - 1}')
