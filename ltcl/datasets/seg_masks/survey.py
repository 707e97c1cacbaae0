"""Looking at the masks of a data set: some, spread over it, or all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from mmengine.dist import all_gather_object, get_rank, get_world_size

from ltcl.errors import UserError
from ltcl.notices import note_progress
from ltcl.progress_bars import tracked

from ..transforms.map_labels import colour_codes, colour_of
from .mask_sets import MaskSet, files_of

THREADS = 4
MAX_COLOURS = 1000


@dataclass(frozen=True)
class Look:
    """What one mask holds.

    Attributes:
        path: File of the mask.
        image: File of its image.
        labels: Its labels in ascending order, as the model is given them.
        colours: RGB, in place of labels, if it is no map of labels.
        reduced: Whether label 0 of the file was made void and the others lowered by one.
        backend: What decoded the file, if the step tells.
        error: What reading it ended with.
    """

    path: str
    image: str | None = None
    labels: tuple[int, ...] = ()
    colours: tuple[tuple[int, ...], ...] = ()
    reduced: bool = False
    backend: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Survey:
    """Looks at some masks of a set.

    Attributes:
        looks: One for each mask that was looked at, in order.
        total: Number of masks of the set.
        missing: Of the whole set, the masks that do not exist, each with its image.
    """

    looks: list[Look]
    total: int
    missing: Sequence[tuple[str, str]] = ()

    @property
    def labels(self) -> list[int]:
        """All labels that were seen, ascending."""
        return sorted(set(chain.from_iterable(look.labels for look in self.looks)))

    @property
    def is_complete(self) -> bool:
        """Whether every mask was looked at."""
        return len(self.looks) == self.total

    @property
    def extent(self) -> str:
        """What was looked at, in words."""
        number = f'{self.total} mask' + 's' * (self.total != 1)
        return number if self.is_complete else f'{len(self.looks)} masks looked at, of {self.total}'


def look_at(results: dict, backend: str | None = None) -> Look:
    """What the mask of a sample holds.

    Args:
        results: A sample of a pipeline with ``gt_seg_map``.
        backend: What decoded it.
    """
    values = results['gt_seg_map']
    about: dict[str, Any] = dict(
        path=str(results.get('seg_map_path')),
        image=results.get('img_path'),
        reduced=bool(results.get('reduce_zero_label')),
        backend=backend,
    )
    if values.ndim <= 2:
        is_small = values.dtype == np.uint8
        labels = np.flatnonzero(np.bincount(values.ravel())) if is_small else np.unique(values)
        return Look(labels=tuple(labels.tolist()), **about)
    colours = np.unique(colour_codes(values))[:MAX_COLOURS]
    return Look(colours=tuple(map(colour_of, colours)), **about)


def sample_positions(total: int, number: int | str, seed: int) -> list[int]:
    """Positions spread over a set: one at random from each of ``number`` parts of equal length.

    Args:
        total: Length of the set.
        number: How many; ``'all'`` for all.
        seed: Makes the draw repeatable.
    """
    if isinstance(number, str) or number >= total:
        return list(range(total))
    edges = np.linspace(0, total, number + 1).astype(int)
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:]).tolist()


def take_survey(mask_sets: Sequence[MaskSet], number: int | str, seed: int) -> Survey:
    """Look at masks; several processes share the work and get the same result.

    Args:
        mask_sets: Parts of one data set.
        number: How many masks; ``'all'`` for all.
        seed: Makes the draw repeatable.
    """
    places = _places(mask_sets)
    if missing := find_missing(mask_sets):
        return Survey([], len(places), missing)
    drawn = [places[position] for position in sample_positions(len(places), number, seed)]
    looks = _shared(drawn, lambda place: _look(*place))
    return Survey([look for look in looks if look is not None], len(places))


def find_missing(mask_sets: Sequence[MaskSet]) -> list[tuple[str, str]]:
    """Masks that do not exist, each with its image; several processes share the work and get the same result."""
    files_of.cache_clear()  # a folder may have changed since the last look
    found = _shared(_places(mask_sets), lambda place: place[0].missing(place[1]))
    return [each for each in found if each is not None]


def _places(mask_sets: Sequence[MaskSet]) -> list[tuple[MaskSet, int]]:
    return [(mask_set, index) for mask_set in mask_sets for index in range(len(mask_set))]


def _look(mask_set: MaskSet, index: int) -> Look | None:
    try:
        results = mask_set.read(index)
    except Exception as error:  # whatever a reader of images or a step of the user raises, the file must be named
        info = mask_set.dataset.get_data_info(index)
        path, image = str(info.get('seg_map_path')), info.get('img_path')
        is_plain = isinstance(error, UserError)
        text = str(error) if is_plain else f'{image} with its mask {path}: {type(error).__name__}: {error}'
        return Look(path, image, error=text)
    backend = getattr(getattr(mask_set.steps[mask_set.loader], 'step', None), 'imdecode_backend', None)
    return None if results is None else look_at(results, backend)


def _shared(items: Sequence, function: Callable) -> list:
    """Results for all items in order, each process's share worked out by itself."""
    world_size = get_world_size()
    with ThreadPoolExecutor(THREADS) as pool:
        own = items[get_rank() :: world_size]
        share = list(tracked(pool.map(function, own), 'looking at masks', len(own), 'masks', say=note_progress))
    shares = all_gather_object(share)
    return [shares[position % world_size][position // world_size] for position in range(len(items))]
