"""Images of which nothing is left once they have 8 bits."""

import time
from collections.abc import Iterator

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.datasets.image_checks import image_loader, leaves
from ltcl.datasets.samplers.labels import known_labels_of
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.transforms.image_levels import darkness_of, remedy_of
from ltcl.neutral_text import shorten
from ltcl.notices import warn
from ltcl.registry import HOOKS

OPTIONS = ('value_range', 'background')


@HOOKS.register_module()
class ImageLevelsHook(Hook):
    """Looks at a few images of each class before a training and warns of classes that are nearly black or flat.

    Files with 12 bits in 16, CT values, or drawings in black on nothing are read without an error, and a network learns
    nothing of them. Class by class, the first images, then the second ones, and so on, by the main process.

    Args:
        images_per_class: Images of a class to look at; a class is named if all of them are nearly black or flat.
        max_images: Images to look at in all: with more classes than that, some classes are left out.
        max_seconds: Time after which no further image is read.
    """

    def __init__(self, images_per_class: int = 4, max_images: int = 256, max_seconds: float = 10) -> None:
        self.images_per_class = images_per_class
        self.max_images = max_images
        self.max_seconds = max_seconds

    def before_train(self, runner: Runner) -> None:
        """Warn of classes whose images hold nothing."""
        dataset = runner.train_dataloader.dataset
        loader, labels = _loader_of(dataset), known_labels_of(dataset)
        if loader is None or labels is None or not is_main_process():
            return
        if runner.val_loop is not None:
            _compare(loader, _loader_of(runner.val_dataloader.dataset))
        dark = self._dark_classes(dataset, labels, loader)
        if not dark:
            return
        names = dataset.metainfo.get('classes') or range(max(dark) + 1)
        path, found = next(iter(dark.values()))
        runner.logger.warning(
            f'nearly black or flat are the images of {shorten([str(names[label]) for label in dark])}, such as {path} '
            f'({found}): {remedy_of(path, loader)}'
        )

    def _dark_classes(self, dataset: BaseDataset, labels: np.ndarray, loader: LoadImage) -> dict[int, tuple[str, str]]:
        """For each class of which all sampled images are nearly black or flat, one of them and its levels."""
        end = time.monotonic() + self.max_seconds
        dark: dict[int, tuple[str, str]] = {}
        fine: set[int] = set()
        for index in _sample(labels, self.images_per_class, self.max_images):
            label = int(labels[index])
            if label in fine or time.monotonic() > end:
                continue
            path = dataset.get_data_info(index).get('img_path')
            found = '' if path is None else darkness_of(path, loader)
            if found is None:
                fine.add(label)
                dark.pop(label, None)
            elif found:
                dark.setdefault(label, (path, found))
        return dict(sorted(dark.items()))


def _loader_of(dataset: BaseDataset) -> LoadImage | None:
    return next(filter(None, map(image_loader, leaves(dataset))), None)


def _compare(training: LoadImage, validation: LoadImage | None) -> None:
    """Warn of options that training and validation do not share."""
    for option in OPTIONS:
        ours, theirs = getattr(training, option), getattr(validation, option, None)
        if validation is not None and ours != theirs:
            warn(
                f'{option} of ltcl.LoadImage is {ours} in the training and {theirs} in the validation, so the network '
                'is scored on other images than it learns from: set both alike, and that of the test'
            )


def _sample(labels: np.ndarray, images_per_class: int, max_images: int) -> Iterator[int]:
    """Indices of images, spread over each class: the first of all classes, then the second, and so on."""
    classes = np.unique(labels)
    members = [np.flatnonzero(labels == label) for label in classes[:: -(-len(classes) // max_images)]]
    chosen = [np.unique(np.linspace(0, len(each) - 1, images_per_class).astype(int)) for each in members]
    rounds = [
        int(each[picked[turn]])
        for turn in range(images_per_class)
        for each, picked in zip(members, chosen, strict=True)
        if turn < len(picked)
    ]
    yield from rounds[:max_images]
