"""The views of images, through the data set's pipeline and the model's data preprocessor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ltcl.datasets.cached_features import find_cached
from ltcl.datasets.samplers.seeded import seed_generators
from ltcl.feature_cache.extraction import Task, ViewsOfImages
from ltcl.progress_bars import tracked

from .pixels import to_pixels
from .sources import Source

CACHED = {'eval': 'view of a test', 'mirror': 'its mirror image'}


@dataclass
class Shown:
    """An image as the network gets it.

    Attributes:
        place: Of the image in the data set.
        path: Its file; None where it is none.
        views: RGB, uint8, shape (H, W, 3) each.
        names: What the network does with each.
        labels: Class of each pixel, shape (H, W), of an image with a mask.
        shares: Classes with the share that each has in the label, greatest first; one class, if nothing mixes images.
    """

    place: int
    path: str | None
    views: list[np.ndarray]
    names: list[str]
    labels: np.ndarray | None
    shares: list[tuple[int, float]]


def views_of(source: Source, places: Sequence[int], preprocessor: nn.Module, seed: int = 0) -> Iterator[Shown]:
    """Images as the network gets them, in batches as in a training.

    Args:
        source: The data set.
        places: Of the images.
        preprocessor: Of the model.
        seed: With the place of an image it says what is drawn for it; with the first place of a batch, what is drawn
            for the batch.

    Yields:
        One after the other.
    """
    if find_cached(source.dataset) is not None:
        yield from _of_cached(source, places, preprocessor)
        return
    # A test looks at images of any size, one by one.
    size = source.batch_size if source.is_training else 1
    starts = range(0, len(places), size)
    for start in tracked(starts, 'making batches', unit='batches'):
        batch = places[start : start + size]
        yield from _of_batch(source, batch, preprocessor, seed)


def _of_batch(source: Source, places: Sequence[int], preprocessor: nn.Module, seed: int) -> Iterator[Shown]:
    samples = []
    for place in places:
        seed_generators(_drawn(seed, place, 0))
        samples.append(source.dataset[place])
    seed_generators(_drawn(seed, places[0], 1))
    with torch.no_grad():
        batch = preprocessor(source.collate(samples), source.is_training)
    inputs, infos = batch['inputs'], batch['data_samples']
    views = inputs if isinstance(inputs, list | tuple) else [inputs]
    pixels = [to_pixels(view, preprocessor) for view in views]
    names = names_of_views(source.cfg.model, len(views))
    for number, place in enumerate(places):
        info = infos[number]
        shown = [each[number] for each in pixels]
        yield Shown(place, info.get('img_path'), shown, names, _mask_of(info), _shares_of(info))


def _drawn(seed: int, place: int, step: int) -> int:
    return int(np.random.default_rng((seed, place, step)).integers(2**32))


def names_of_views(model: Any, number: int) -> list[str]:
    """What a model does with each of its views.

    Args:
        model: Its config.
        number: How many there are.
    """
    if number == 1:
        return ['view']
    keys = model.get('key_views', ())
    return [f'view {i + 1}, {"momentum encoder" if i in keys else "encoder"}' for i in range(number)]


def _mask_of(info: Any) -> np.ndarray | None:
    mask = info.get('gt_sem_seg')
    return None if mask is None else mask.data.squeeze(0).cpu().numpy()


def _shares_of(info: Any) -> list[tuple[int, float]]:
    """Classes of a label, those of a mixed one with their shares."""
    score: Tensor | None = info.get('gt_score')
    if score is not None:
        order = score.argsort(descending=True, stable=True).tolist()
        return [(label, float(score[label])) for label in order if score[label] > 0]
    label = info.get('gt_label')
    return [] if label is None else [(int(each), 1.0) for each in label.flatten().tolist()]


def _of_cached(source: Source, places: Sequence[int], preprocessor: nn.Module) -> Iterator[Shown]:
    """The views whose features a frozen encoder computes, of which each step takes some."""
    from ltcl.feature_cache.contents import digests_of_images

    cached = find_cached(source.dataset)
    assert cached is not None
    contents = digests_of_images(cached)
    labels = cached.get_gt_labels()
    tasks = [Task(place, contents[place] or b'', cached.kept) for place in places]
    names = [CACHED.get(view, f'random view {view.removeprefix("crop")}') for view in cached.kept]
    images = ViewsOfImages(cached, tasks)
    for number in tracked(range(len(tasks)), 'making images'):
        views = images[number]
        if views is None:
            continue
        with torch.no_grad():
            inputs = preprocessor(dict(inputs=views), False)['inputs']
        place = places[number]
        pixels = list(to_pixels(inputs, preprocessor))
        path = cached.get_data_info(place).get('img_path')
        yield Shown(place, path, pixels, names, None, [(int(labels[place]), 1.0)])
