"""Images through the encoder, view by view."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ltcl.datasets import CachedFeatures
from ltcl.datasets.cached_features import STORED
from ltcl.datasets.image_checks import find_skipped, leaves
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.transforms.drawn_rows import finish, is_drawn
from ltcl.errors import UserError
from ltcl.launch.progress import PROGRESS
from ltcl.notices import note_progress
from ltcl.progress_bars import progress

from .store import digest

EVAL, MIRROR = STORED


class Task(NamedTuple):
    """An image of which features are missing.

    Args:
        position: In the data set.
        key: Digest of its content.
        views: Which ones are missing.
    """

    position: int
    key: bytes
    views: tuple[str, ...]


class ViewsOfImages(Dataset):
    """For each task the views, packed, shape (views, channels, H, W); None of one that cannot be read.

    Args:
        dataset: The data set with the images.
        tasks: The images.
    """

    def __init__(self, dataset: CachedFeatures, tasks: Sequence[Task]) -> None:
        self.dataset = dataset
        self.tasks = tasks
        self.plain = Compose(dataset.steps)
        self.random: Any = next(leaves(dataset.dataset)).pipeline
        if dataset.may_skip:  # what the training skips is skipped in the view of a test
            for loader in (each for each in self.plain.transforms if isinstance(each, LoadImage)):
                loader.skipped = next(find_skipped(dataset.dataset))

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, index: int) -> Tensor | None:
        task = self.tasks[index]
        plain = self._packed(self.plain, task) if {EVAL, MIRROR} & {*task.views} else None
        made = [self._view(view, task, plain) for view in task.views]
        views = [view for view in made if view is not None]
        return torch.stack(views) if len(views) == len(made) else None

    def _view(self, view: str, task: Task, plain: Tensor | None) -> Tensor | None:
        if view == EVAL:
            return plain
        if view == MIRROR:
            return None if plain is None else plain.flip(-1)
        with randomness_of(task.key, view.encode(), str(self.dataset.seed).encode()):
            return self._packed(self.random, task)

    def _packed(self, steps: Compose, task: Task) -> Tensor | None:
        packed = steps(self.dataset.get_data_info(task.position))
        if packed is None:
            return None
        inputs = packed['inputs']
        if is_drawn(inputs):
            return finish([each.unsqueeze(0) for each in inputs])[0][0]
        return inputs[0] if isinstance(inputs, list) else inputs


@contextlib.contextmanager
def randomness_of(*parts: bytes) -> Iterator[None]:
    """Let what is drawn follow from some bytes alone, and leave the generators as they were.

    Args:
        *parts: Such as the content of an image.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    number = int.from_bytes(digest(*parts)[:7], 'big')
    random.seed(number)
    np.random.seed(number % 2**32)
    torch.manual_seed(number)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def extract(model: nn.Module, dataset: CachedFeatures, tasks: Sequence[Task]) -> Iterator[tuple[Task, np.ndarray]]:
    """Features of the missing views, image after image, but for those that are left out.

    Args:
        model: A classifier with a frozen backbone.
        dataset: The data set.
        tasks: Its images with missing views.

    Yields:
        A task and its features, float32, shape (views, C).
    """
    loader = DataLoader(
        ViewsOfImages(dataset, tasks),
        batch_size=dataset.batch_size,
        num_workers=min(dataset.num_workers, len(tasks) // dataset.batch_size),
        collate_fn=list,
        generator=torch.Generator(),  # a run draws the same numbers, whether the cache is full or empty
        worker_init_fn=_in_one_thread,
    )
    done = 0
    for images in told(loader, len(tasks)):
        batch = tasks[done : done + len(images)]
        done += len(images)
        made = [(task, views) for task, views in zip(batch, images, strict=True) if views is not None]
        if made:
            rows = encode(model, torch.cat([views for _, views in made])).split([len(views) for _, views in made])
            yield from ((task, row.numpy()) for (task, _), row in zip(made, rows, strict=True))


@torch.inference_mode()
def encode(model: Any, images: Tensor) -> Tensor:
    """Features (N, C) of packed images (N, channels, H, W), in float32 on the CPU."""
    prepared = model.data_preprocessor(dict(inputs=images), False)['inputs']
    features = model.backbone(prepared)[-1]
    if features.ndim != 2:
        raise UserError(
            f'the frozen encoder makes {tuple(features.shape[1:])} of an image: set pooling of ltcl.FrozenBackbone, '
            "such as dict(type='GlobalAveragePooling')"
        )
    return features.float().cpu()


def told(loader: DataLoader, total: int) -> Iterator[list]:
    """The batches of a loader, while it is shown how many images are done.

    Args:
        loader: Its batches are lists.
        total: Number of images.
    """
    with progress('features', total, say=note_progress) as work:
        for images in loader:
            yield images
            work.advance(len(images))
            PROGRESS.step()


def _in_one_thread(worker: int) -> None:
    cv2.setNumThreads(0)
