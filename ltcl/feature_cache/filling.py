"""What brings features to a data set: from the cache, and the missing ones through the encoder."""

import time
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size, is_main_process

from ltcl.datasets import CachedFeatures
from ltcl.errors import UserError
from ltcl.models.backbones import FrozenBackbone
from ltcl.notices import note

from .contents import digests_of_images
from .extraction import Task, extract
from .identity import digest_of_encoder, digest_of_view
from .store import KEY_BYTES, RowStore, digest, features_folder, say_if_much

# Images of a piece on the disk: what an interruption loses.
PIECE = 512


def fill_features(model: Any, dataset: CachedFeatures) -> None:
    """Bring a data set the features of all its images; several processes share the work and have all afterwards.

    Args:
        model: A classifier with a ``ltcl.FrozenBackbone``, in the state that the features are wanted of.
        dataset: The data set; one that has its features stays as it is.

    Raises:
        UserError: The backbone is another one, or no image can be read.
    """
    if dataset.features is not None:
        return
    backbone: Any = getattr(model, 'backbone', None)
    if not isinstance(backbone, FrozenBackbone):
        raise UserError(
            f'ltcl.CachedFeatures holds features of a ltcl.FrozenBackbone, and the model has '
            f'{type(backbone).__name__}: `ltcl train --tune frozen` makes the config'
        )
    contents = digests_of_images(dataset)
    encoder = digest_of_encoder(backbone, model.data_preprocessor)
    cache = FeatureCache(dataset.kept, {view: digest(encoder, digest_of_view(dataset, view)) for view in dataset.kept})
    cache.read({key for key in contents if key is not None})
    _complete(model, dataset, contents, cache)
    dataset.take(*_in_order(dataset, cache, contents))


class FeatureCache:
    """Features by view and content of an image, in memory and on the disk.

    Args:
        views: Names of the views.
        digests: For each the digest of what it depends on.
    """

    def __init__(self, views: tuple[str, ...], digests: dict[str, bytes]) -> None:
        self.stores = {view: RowStore(features_folder() / digests[view].hex()) for view in views}
        self.rows: dict[str, dict[bytes, np.ndarray]] = {view: {} for view in views}

    def read(self, keys: set[bytes]) -> None:
        """Take what is on the disk."""
        for view, store in self.stores.items():
            self.rows[view] = store.read(keys)

    def missing(self, key: bytes) -> tuple[str, ...]:
        """Views of an image that are not there."""
        return tuple(view for view, rows in self.rows.items() if key not in rows)

    def take(self, made: list[tuple[Task, np.ndarray]]) -> None:
        """Take new features."""
        for task, rows in made:
            for view, row in zip(task.views, rows, strict=True):
                self.rows[view][task.key] = row

    def keep(self, made: list[tuple[Task, np.ndarray]]) -> None:
        """Write new features to the disk."""
        for view, store in self.stores.items():
            new = [(task.key, rows[task.views.index(view)]) for task, rows in made if view in task.views]
            if new:
                keys, rows = zip(*new, strict=True)
                store.write(list(keys), np.stack(rows))

    def require_space(self, num_bytes: int) -> None:
        """See :meth:`RowStore.require_space`; all lie on one disk."""
        first, *others = self.stores.values()
        first.require_space(num_bytes)
        for store in others:
            store.is_writable = first.is_writable


def _complete(model: Any, dataset: CachedFeatures, contents: list[bytes | None], cache: FeatureCache) -> None:
    """Compute what is missing, each process its share, and tell the others."""
    tasks = _tasks(contents, cache)
    if not tasks:
        return
    start = time.monotonic()
    if is_main_process():
        note(f'features of {len(tasks):,} of {len(contents):,} images are computed, once')
    width = model.backbone.shape[-1] if model.backbone.shape else 0
    cache.require_space((4 * width + KEY_BYTES) * sum(len(task.views) for task in tasks))
    for made in all_gather_object(_computed(model, dataset, tasks[get_rank() :: get_world_size()], cache)):
        cache.take(made)
    if is_main_process():
        note(f'features of {len(tasks):,} images took {time.monotonic() - start:.0f} s')
        say_if_much(features_folder())


def _computed(
    model: Any, dataset: CachedFeatures, tasks: list[Task], cache: FeatureCache
) -> list[tuple[Task, np.ndarray]]:
    """Features of the tasks, which are on the disk as well, also those that are done when something interrupts it."""
    made: list[tuple[Task, np.ndarray]] = []
    num_kept = 0
    try:
        for each in extract(model, dataset, tasks):
            made.append(each)
            if len(made) - num_kept >= PIECE:
                cache.keep(made[num_kept:])
                num_kept = len(made)
    except KeyboardInterrupt:
        note(f'stopped: the features of {len(made):,} images are kept, and the same command goes on from there')
        raise
    finally:
        cache.keep(made[num_kept:])
    return made


def _tasks(contents: list[bytes | None], cache: FeatureCache) -> list[Task]:
    """Images with missing views, each content once; the same on all processes."""
    positions = {key: position for position, key in enumerate(contents)}
    missing: dict[int, tuple[bytes, set[str]]] = {}
    own = {position: (key, cache.missing(key)) for key, position in positions.items() if key and cache.missing(key)}
    for each in all_gather_object(own):
        for position, (key, views) in each.items():
            missing.setdefault(position, (key, set()))[1].update(views)
    return [
        Task(position, key, tuple(view for view in cache.stores if view in views))
        for position, (key, views) in sorted(missing.items())
    ]


def _in_order(
    dataset: CachedFeatures, cache: FeatureCache, contents: list[bytes | None]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (views, N, C) and the mask of the images that have them (N,); the others have those of any image."""
    known = [key for key in contents if key is not None and not cache.missing(key)]
    readable = np.array([key is not None and not cache.missing(key) for key in contents])
    if not known or not (dataset.may_skip or readable.all()):
        info = dataset.get_data_info(int(np.flatnonzero(~readable)[0]))
        raise UserError(f'cannot read the image {info.get("img_path")}: mend it or take it out of the data set')
    filled = [key if is_there else known[0] for key, is_there in zip(contents, readable.tolist(), strict=True)]
    features = np.stack([np.stack([rows[key] for key in filled]) for rows in cache.rows.values()])  # type: ignore[index]
    return torch.from_numpy(features), torch.from_numpy(readable)
