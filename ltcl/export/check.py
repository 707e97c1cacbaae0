"""Does an exported model answer as the model itself? On images that it may meet."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from mmengine.registry import DATASETS, DefaultScope
from PIL import Image as Pillow

from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Prior
from ltcl.inference import ImageModel
from ltcl.inference.images import Image, Source, find_images
from ltcl.inference.runs import SavedRun
from ltcl.own_folder.quietly import quiet

from .predict_onnx import read_image
from .preparation import decoding_of

LARGEST_DIFFERENCE = 1e-4
NUM_IMAGES = 8
SIZES = ((240, 320), (333, 250), (97, 64), (75, 260), (480, 96))
OCTAVES = (2, 4, 8, 16, 32, 64)


class Agreement(NamedTuple):
    """How an exported model was compared.

    Args:
        difference: Largest difference of a probability.
        number: Of images.
        source: Where they come from, in words.
    """

    difference: float
    number: int
    source: str


def compare(
    run: Callable[[np.ndarray], np.ndarray],
    model: ImageModel,
    prior: Prior,
    paths: Image | Sequence[Image] | None = None,
) -> Agreement:
    """Compare the answers of an exported model with those of the model.

    Args:
        run: From images (1, H, W, 3), uint8, to probabilities (1, num_classes, ...).
        model: The model.
        prior: The class mix that both answer for.
        paths: Images; None, or no image, takes some of the model's test set, or generated ones where there is none.

    Raises:
        UserError: The answers differ, or none of the images can be read.
    """
    images, source = find_check_images(model, paths)
    differences, reason = [], None
    for image, (expected, error) in zip(images, model.probabilities(images, prior), strict=True):
        if error is not None:
            reason = f'{image}: {error}'
            continue
        [answer] = _answer(run, _pixels_of(image, model)[None])
        differences.append(float(np.abs(answer.astype(float) - expected).max()))
    if not differences:
        raise UserError(f'none of the images to check the exported model with can be read, such as {reason}')
    # A probability that is no number has no difference that is small enough.
    if not max(differences) <= LARGEST_DIFFERENCE:
        raise UserError(
            f'the exported model answers otherwise than the model: a probability differs by {max(differences):.2g} on '
            f'{source}, more than {LARGEST_DIFFERENCE:g}; nothing was written'
        )
    return Agreement(max(differences), len(differences), source)


def _pixels_of(image: Image, model: ImageModel) -> np.ndarray:
    """An image as an exported model takes it, (H, W, 3), uint8: a file as ``predict_onnx.py`` reads it."""
    if isinstance(image, np.ndarray):
        return np.ascontiguousarray(model.reader.picture(Source(None, image)))
    return read_image(str(image), decoding_of(model.reader))


def _answer(run: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    try:
        return run(images)
    except Exception as error:  # of whatever runs the file
        height, width = images.shape[1:3]
        reason = ' '.join(str(error).split())[:150]
        raise UserError(
            f'the exported model fails on an image of {height} x {width} pixels ({reason}); nothing was written: let '
            'ltcl.EvalView in the test pipeline make one size'
        ) from error


def find_check_images(model: ImageModel, paths: Image | Sequence[Image] | None) -> tuple[list[Image], str]:
    """Images to compare answers on, and where they come from; see :func:`compare`."""
    if isinstance(paths, Image) or (paths is not None and len(paths)):
        sources = find_images(paths)
        chosen = [source.path if source.pixels is None else source.pixels for source in _spread(sources)]
        return [each for each in chosen if each is not None], 'of the images given'
    found = _test_images(model.run)
    if found:
        return found, 'images of the test set'
    return [draw_picture(*size, seed) for seed, size in enumerate(SIZES)], 'generated pictures'


def draw_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture with the spectrum of a photograph: noise of all scales, the finer the weaker; RGB (H, W, 3), uint8."""
    generator = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for octave in OCTAVES:
        noise = generator.integers(0, 256, (octave, octave, 3), dtype=np.uint8)
        total += (
            np.asarray(Pillow.fromarray(noise).resize((width, height), Pillow.Resampling.BICUBIC)) - 128.0
        ) / octave
    return (128 + total).clip(0, 255).astype(np.uint8)


def _test_images(run: SavedRun) -> list[Image]:
    """Some images of a run's test set; none where it is not at hand."""
    try:
        with quiet(), DefaultScope.overwrite_default_scope(run.scope):
            dataset = DATASETS.build(run.test_dataloader['dataset'])
        entries = [dataset.get_data_info(index) for index in _spread(range(len(dataset)))]
        images = [entry['img'] if entry.get('img') is not None else entry['img_path'] for entry in entries]
    # A data set that is not there, or that this machine does not have the packages for.
    except Exception:
        return []
    return images


def _spread(items: Sequence) -> list:
    """Some items of all, from the first to the last."""
    positions = np.linspace(0, len(items) - 1, min(NUM_IMAGES, len(items))).round().astype(int)
    return [items[position] for position in dict.fromkeys(positions.tolist())]
