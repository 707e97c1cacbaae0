"""What lies in a folder of images, in a few lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ltcl.datasets.class_folders import class_folders
from ltcl.datasets.folder_names import is_general
from ltcl.datasets.folder_walk import all_images
from ltcl.datasets.own_sources import OwnSources, named_classes
from ltcl.datasets.set_fingerprint import describe_set, fingerprint_of_files
from ltcl.errors import UserError
from ltcl.evaluation.functional import shot_groups
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.launch.config_values import bounds_of, images_of
from ltcl.neutral_text import shorten, visible
from ltcl.own_scenes.folder_words import spot_of

LONGEST_NAME = 30


class Found(NamedTuple):
    """The images of a folder.

    Args:
        classes: Names of the classes.
        counts: Training images of each.
        validation: Images for validation.
        test: Images for the test; None where there is no part for it, and validation serves.
        is_drawn: Whether the validation is drawn from the training images.
        fingerprint: Stands for all images, by name, size and class.
        bounds: Fewest and most training images of a medium class.
        left_out: Number and fingerprint of the images for validation, as a report tells them.
    """

    classes: list[str]
    counts: list[int]
    validation: int
    test: int | None
    is_drawn: bool
    fingerprint: str = ''
    bounds: tuple[int, int] = DEFAULT_BOUNDS
    left_out: dict | None = None

    def lines(self, folder: str, val_share: float) -> list[str]:
        """What to tell of them."""
        import torch

        order = np.argsort(self.counts, kind='stable')
        largest, smallest = order[-1], next(label for label in order if self.counts[label])
        factor = self.counts[largest] / self.counts[smallest]
        masks, (low, high) = shot_groups(torch.tensor(self.counts), self.bounds), self.bounds
        rules = dict(many=f'more than {high} images', medium=f'{low} to {high}', few=f'fewer than {low}')
        groups = ', '.join(f'{name} ({rules[name]}) {int(masks[name].sum())}' for name in rules)
        share = f' ({100 * val_share:g} % of each class)' if self.is_drawn else ''
        test = '; there are none for a test' if self.test is None else f', test {self.test:,}'
        absent = [name for name, count in zip(self.classes, self.counts, strict=True) if not count]
        return [
            f'{visible(folder)}: {len(self.classes)} classes',
            f'images: training {sum(self.counts):,}, validation {self.validation:,}{share}{test}',
            f'tail: from {self._named(largest)} to {self._named(smallest)}, imbalance factor {factor:.4g}',
            f'classes by training images: {groups}',
            *([f'classes without a training image, which cannot be learned: {shorten(absent)}'] if absent else []),
        ]

    def _named(self, label: Any) -> str:
        return f'{self.counts[label]:,} ({visible(self.classes[label], width=LONGEST_NAME)})'


def look(cfg: Config) -> Found:
    """Count the images of a config as its data sets read them; no image is opened.

    Args:
        cfg: A config with own images.

    Raises:
        UserError: The folder has no images in a form that is known, its two classes look like images and their masks,
            or a loader was taken out of the config.
    """
    from ltcl.registry import DATASETS

    def build(name: str) -> Any:
        if not cfg.get(f'{name}_dataloader'):
            raise UserError(
                f'{name}_dataloader is None: training on a folder needs it; ltcl train CONFIG, with the config in the '
                'work directory of a run, trains without it'
            )
        parts = dict(images_of(cfg[f'{name}_dataloader'].dataset), pipeline=[])
        return DATASETS.build(parts)

    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        training, validation = build('train'), build('val')
        _refuse_masks(training.sources)
        parts = training.sources.files
        test = build('test') if 'test' in parts else None
    classes: Sequence[str] = training.metainfo['classes']
    counts = np.bincount(training.get_gt_labels(), minlength=len(classes)).tolist()
    return Found(
        list(classes),
        counts,
        len(validation),
        None if test is None else len(test),
        is_drawn=validation.is_drawn,
        fingerprint=fingerprint_of_files([each for each in (training, validation, test) if each is not None]),
        bounds=bounds_of(cfg) or DEFAULT_BOUNDS,
        left_out=describe_set(validation),
    )


def _refuse_masks(sources: OwnSources) -> None:
    """Refuse two class folders with files of the same names, one of which is called images, masks or the like."""
    folder = sources.files[sources.training] if sources.training else sources.root
    folders = class_folders(folder) if folder.is_dir() else {}
    are_named = any(is_general(name) or spot_of((name,)).role == 'mask' for name in folders)
    if len(folders) != 2 or not are_named or named_classes(sources.root, sources.place):
        return
    one, other = ({Path(image).stem for path in paths for image in all_images(path)} for paths in folders.values())
    if 2 * len(one & other) > max(len(one), len(other)):
        raise UserError(
            f'{folder} looks like images and masks, since {" and ".join(folders)} have files of the same names: call '
            f'them images/ and masks/, or name them in {sources.root}/classes.txt if they are two classes'
        )
