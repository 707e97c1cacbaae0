"""The images of a folder or of a config, with their classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ltcl.errors import UserError
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.launch.config_values import bounds_of
from ltcl.launch.unread_images import unread_images
from ltcl.report.class_rows import group_of

PARTS = ('train', 'val', 'test')
TRAINING, UNDIVIDED = 'train', 'all'


class Labelled(NamedTuple):
    """Images of all parts of a data set.

    Args:
        pictures: Their files, or pixels of those that are no files: grey (H, W) or RGB (H, W, 3), uint8. Empty where
            nobody looks at them.
        labels: Their classes, int64, shape (N,).
        parts: Number of the part of each, int64, shape (N,).
        names: Names of the parts.
        classes: Names of the classes.
        bounds: Smallest and largest training count of a medium-shot class.
        left: Images of each class that a training is left with, once it has drawn those of the validation, int64, shape
            (num_classes,); None where nothing is drawn.
    """

    pictures: Sequence[str | np.ndarray]
    labels: np.ndarray
    parts: np.ndarray
    names: list[str]
    classes: list[str]
    bounds: tuple[int, int] = DEFAULT_BOUNDS
    left: np.ndarray | None = None

    def counts(self) -> dict[str, np.ndarray]:
        """Images of each class, int64, shape (num_classes,), by part."""
        size = len(self.classes)
        return {name: np.bincount(self.labels[self.parts == i], minlength=size) for i, name in enumerate(self.names)}

    @property
    def training(self) -> np.ndarray:
        """Images of each class in the part that training images come from, int64, shape (num_classes,)."""
        counts = self.counts()
        return counts.get(TRAINING, next(iter(counts.values())))

    @property
    def undivided(self) -> str | None:
        """Name of the only part, of which a fifth is drawn to validate and test on; None where there are others."""
        is_drawn = self.names == [UNDIVIDED] or (self.names == [TRAINING] and self.left is not None)
        return self.names[0] if is_drawn else None

    @property
    def groups(self) -> list[str]:
        """Shot group of each class, by the images that a training has of it."""
        counts = self.training if self.left is None else self.left
        return [group_of(count, self.bounds) for count in counts.tolist()]

    def name_of(self, place: int) -> str:
        """File of an image, or its place where it is none."""
        picture = self.pictures[place]
        return picture if isinstance(picture, str) else f'{self.names[self.parts[place]]} image {place}'


def images_of_folder(root: str, with_files: bool = True) -> Labelled:
    """All images of a folder as ``ltcl train`` reads them.

    Args:
        root: The folder.
        with_files: Open them to find copies, which a training keeps together when it draws those of the validation.

    Raises:
        UserError: It has another form.
    """
    from ltcl.datasets.own_sources import find_sources

    sources = find_sources(root, None)
    classes = sources.class_names()
    names = [name for name in dict.fromkeys((*PARTS, *sources.files)) if name in sources.files]
    read = [sources.read(name, classes, 'none', False, 'auto') for name in names]
    paths = [str(Path(root, path)) for images in read for path in images.paths]
    labels = np.concatenate([images.labels for images in read])
    parts = np.repeat(np.arange(len(read)), [len(each.paths) for each in read])
    is_drawn = sources.training is not None and 'val' not in names
    left = _left_for_training(root, with_files, len(classes)) if is_drawn else None
    return Labelled(paths, labels, parts, names, classes, left=left)


def _left_for_training(root: str, with_files: bool, num_classes: int) -> np.ndarray:
    from ltcl.datasets.own_images import OwnImages

    copies = 'sample' if with_files else 'none'
    trained, _ = OwnImages(root, check_files='none', check_copies=copies, lazy_init=True).images_of_split()
    return np.bincount(trained.labels, minlength=num_classes)


def images_of_config(cfg: Any) -> Labelled:
    """All images of a config; a part that is another one again is left out.

    Args:
        cfg: The config of a classifier.

    Raises:
        UserError: It has no data set, or one that does not tell the classes of its images.
    """
    from mmengine.registry import DefaultScope

    from ltcl.registry import DATASETS

    found: dict[str, Any] = {}
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        for name in PARTS:
            loader = cfg.get(f'{name}_dataloader')
            config = loader and unread_images(loader.dataset)
            if config and config not in [each for each, _ in found.values()]:
                found[name] = config, DATASETS.build(config)
    if not found:
        raise UserError('the config has no data set: name one with train_dataloader, val_dataloader or test_dataloader')
    parts = {name: [built.get_data_info(i) for i in range(len(built))] for name, (_, built) in found.items()}
    if tests_validation({name: [info.get('img_path') for info in infos] for name, infos in parts.items()}):
        del parts['test']
    every = [info for infos in parts.values() for info in infos]
    labels = np.array([_label(info) for info in every], np.int64)
    numbers = np.repeat(np.arange(len(parts)), [len(infos) for infos in parts.values()])
    _, first = next(iter(found.values()))
    classes = first.metainfo.get('classes') or range(int(labels.max()) + 1)
    bounds = bounds_of(cfg) or DEFAULT_BOUNDS
    return Labelled(_pictures(every), labels, numbers, list(parts), list(map(str, classes)), bounds)


def tests_validation(files: Mapping[str, Sequence[str | None]]) -> bool:
    """Whether the test is the validation again, as it is of a folder of own images without a part for it.

    Args:
        files: Those of the images, by part; None for an image in memory.
    """
    test = files.get('test', ())
    return len(test) > 0 and None not in test and test == files.get('val')


def _label(info: dict) -> int:
    label = info.get('gt_label')
    if not isinstance(label, int | np.integer):
        raise UserError(f'an image of the config has the label {label!r}: ltcl stats counts images of one class each')
    return int(label)


def _pictures(infos: Sequence[dict]) -> list[str | np.ndarray]:
    """File or pixels of each image; none at all where one has neither."""
    found = [info['img_path'] if info.get('img_path') else info.get('img') for info in infos]
    if any(each is None for each in found):
        return []
    return [each if isinstance(each, str) else _plain(each) for each in found]


def _plain(image: Any) -> np.ndarray:
    pixels = np.asarray(image)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
