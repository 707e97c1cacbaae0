"""The images of a practitioner, as they lie in a folder or as a list names them."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmpretrain.datasets import BaseDataset

from ..errors import UserError
from ..neutral_text import shorten
from ..notices import note, warn
from ..registry import DATASETS
from ..value_ranges import check_choice
from .checked_sample import CHECKS
from .image_list import image_infos, read_classes
from .kept_together import kept_together, picture_numbers
from .list_files import warn_of_empty_classes
from .list_labels import MEANINGS
from .own_copies import warn_of_copies
from .own_sources import Images, find_sources, join_images
from .stratified_split import stratified_split

SPLITS = ('train', 'val', 'test', 'all')


@DATASETS.register_module()
class OwnImages(BaseDataset):
    """Own images with their natural tail: class folders or lists, divided here where nobody has divided them.

    The data root has one of these forms (lists count before folders)::

        data/birds/<class>/*.jpg
        data/birds/{train,val,test}/<class>/*.jpg                        val and test may be missing
        data/birds/{train,val,test}.txt, lines "path label"              val and test may be missing
        data/birds/{train,val,test}.csv or .tsv, lines "path,label"      val and test may be missing
        data/birds/labels.csv, or a list of any name, beside images that lie in no class folders

    A table with a column ``split``, ``set``, ``usage``, ... that says train, val or test of each image, or with columns
    such as ``is_valid`` that say yes or no, divides them, also where class folders tell the classes. Parts may have
    other usual names (``Training``, ``valid``, ``testing``) and lie in a folder of their own. A label is a number from
    0 or the name of a class. The names come from ``classes.txt`` in the data root (one a line), else from the training
    images. Without a part for validation a share of each class is drawn for it, see
    :func:`ltcl.datasets.stratified_split`. Without a test set the test is on the images of validation.

    Args:
        data_root: The folder. Paths of a list are relative to it.
        split: 'train', 'val', 'test', or 'all': everything in the folder.
        val_share: Share of each class for validation, if it has no part of its own.
        split_seed: Of that draw. The same seed gives the same division on every machine.
        classes: Names of the classes in the order of their labels, or a file with one name a line.
        numeric_labels: What labels of a list mean that are numbers: 'names' of classes, their 'indices' from 0, or
            'auto': names where all of them are names of classes, indices where none is.
        check_files: Which images of a list to look for before anything starts: 'sample' (256 of them), 'all', 'none'.
        check_copies: Among which images copies are looked for: 'sample' (20,000 of them), 'all', 'none'. The draw keeps
            copies of a picture on one side, also those that are scaled or compressed anew, see
            :func:`ltcl.datasets.same_pictures.same_pictures`. A training set tells of the same file in two classes or
            in two parts.
        groups: What tells the origin of images, such as a patient or a camera, all of which the draw keeps on one side:
            a list with lines "path,group", or a regular expression with one pair of brackets for the paths.
        test_mode: As in mmengine's ``BaseDataset`` (a broken image is an error), by default in all splits but 'train'.
        lazy_init: Leave loading of the images to the first access; the classes are known at once.
        **kwargs: Arguments of mmpretrain's ``BaseDataset``: ``pipeline``, ``indices``, ``metainfo``, ...

    Raises:
        UserError: The folder is missing or has another form, a list is not as it should be, a class is unknown, a
            split has no image, or there are training images of one class only.
    """

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        *,
        val_share: float = 0.2,
        split_seed: int = 0,
        classes: str | Sequence[str] | None = None,
        numeric_labels: str = 'auto',
        check_files: str = 'sample',
        check_copies: str = 'sample',
        groups: str | None = None,
        test_mode: bool | None = None,
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        check_choice('split', split, SPLITS)
        check_choice('numeric_labels', numeric_labels, MEANINGS)
        check_choice('check_copies', check_copies, CHECKS)
        self.split, self.check_files, self.check_copies = split, check_files, check_copies
        self.numeric_labels, self.groups = numeric_labels, groups
        self.draw: dict[str, Any] = {'val_share': val_share, 'seed': split_seed}
        classes = read_classes(classes)
        self.sources = find_sources(str(data_root), classes, groups)
        classes = classes or self.sources.class_names()
        super().__init__(
            '',
            data_root=str(data_root),
            classes=classes,
            test_mode=split != 'train' if test_mode is None else test_mode,
            lazy_init=lazy_init,
            **kwargs,
        )

    @property
    def measured_split(self) -> str:
        """Which images a test is of: ``'val'`` also for the test images of a folder that has none, else ``'test'``."""
        has_none = self.split == 'test' and 'test' not in self.sources.files
        return 'val' if has_none or self.split == 'val' else 'test'

    @property
    def is_drawn(self) -> bool:
        """Whether these are images for validation that are drawn from those for training."""
        return self.split in ('val', 'test') and self._part(self.split)[1]

    def load_data_list(self) -> list[dict]:
        """Infos of all images of the split, by class and path."""
        images, left = self.images_of_split()
        note(f'{self.split}: {self._origin()}: {summary(images.labels, self.CLASSES)}')
        if self.split == 'train':
            self._check_training(images, left)
        elif self.split in self.sources.files:
            self._warn_of_training_images(images)
        return image_infos([os.path.join(self.data_root, path) for path in images.paths], images.labels)

    def images_of_split(self) -> tuple[Images, Images | None]:
        """Images of the split, by class and path, and what the draw left of theirs; None: nothing is drawn.

        Raises:
            UserError: It has no image.
        """
        if self.split == 'all':
            return join_images([self._read(part) for part in self.sources.files]), None
        part, is_drawn = self._part(self.split)
        images = self._read(part, warn=self.split in ('train', part))
        if not is_drawn:
            return images, None
        pictures = picture_numbers(images.paths, self.data_root, self.check_copies).pictures
        together = kept_together(pictures, images.paths, self.data_root, self.groups)
        kept, drawn = stratified_split(images.labels, **self.draw, groups=together)
        chosen, left = (kept, drawn) if self.split == 'train' else (drawn, kept)
        if not len(chosen):
            number = len(np.unique(together))
            groups = f' and all belong to {number} groups' if number < len(together) else ''
            raise UserError(
                f'{self.data_root}: val_share={self.draw["val_share"]} leaves no image for validation, since the '
                f'largest class has {np.bincount(images.labels).max()}{groups}: raise val_share (--val-share), or add '
                'images'
            )
        return images.subset(chosen), images.subset(left)

    def _read(self, part: str, warn: bool = True, check: str | None = None) -> Images:
        return self.sources.read(part, self.CLASSES, check or self.check_files, warn, self.numeric_labels)

    def _part(self, split: str) -> tuple[str, bool]:
        """The part of the folder that a split lies in, and whether it is drawn from it."""
        parts = self.sources.files
        if split in parts and (split != 'train' or 'val' in parts):
            return split, False
        if split == 'test':
            return self._part('val')
        if self.sources.training is None:
            raise UserError(
                f'{self.data_root} has no images for {split}, only for {", ".join(parts)}: put them there, or name '
                'another data_root'
            )
        return self.sources.training, True

    def _origin(self) -> str:
        """Where the images of the split come from, in words."""
        if self.split == 'all':
            return ', '.join(map(str, self.sources.files.values()))
        part, is_drawn = self._part(self.split)
        origin = str(self.sources.files[part])
        if is_drawn:
            share = f'{100 * self.draw["val_share"]:g} % of each class'
            origin = f'{origin} without {share}' if self.split == 'train' else f'{share} of {origin}'
            origin += f' (drawn with seed {self.draw["seed"]})'
        no_test = self.split == 'test' and part != 'test'
        return f'there is no test set, so the images of validation: {origin}' if no_test else origin

    def _check_training(self, images: Images, held_out: Images | None) -> None:
        """What would make a training worth little: a single class, empty classes, copies, what was not read."""
        present = np.unique(images.labels)
        if len(present) < 2:
            raise UserError(
                f'{self._origin()}: all {len(images.labels)} training images are of one class, '
                f'{self.CLASSES[present[0]]}: a classifier needs two or more'
            )
        warn_of_empty_classes(images.labels, self.CLASSES, str(self.data_root))
        splits = {'train': images, **({} if held_out is None else {'val': held_out}), **self._other_parts()}
        named = [path for part in splits.values() for path in part.paths]
        for remark in (*self.sources.notes, *self.sources.notes_on_folders(named)):
            warn(remark)
        if is_main_process():
            warn_of_copies(splits, self.CLASSES, str(self.data_root), self.check_copies)

    def _other_parts(self) -> dict[str, Images]:
        """Images of the parts that are not for training; what is wrong with them stops their own reading, not this."""
        parts = {}
        for part in self.sources.files:
            if part != self.sources.training:
                try:
                    parts[part] = self._read(part, warn=False, check='none')
                except UserError as error:
                    warn(f'the part {part} cannot be read: {error}')
        return parts

    def _warn_of_training_images(self, images: Images) -> None:
        if 'train' not in self.sources.files:
            return
        training = self._read('train', warn=False, check='none')
        shared = set(images.paths) & set(training.paths)
        if shared:
            warn(
                f'{len(shared)} of the {len(images.paths)} images of {self.sources.files[self.split]} are training '
                f'images as well, such as {min(shared)}: accuracy on them says little'
            )


def summary(labels: np.ndarray, classes: Sequence[str]) -> str:
    """Images, classes, largest and smallest class and imbalance factor in words.

    Args:
        labels: Class of each image, int64, shape (N,).
        classes: Names of all classes.
    """
    counts = np.bincount(labels, minlength=len(classes))
    present = np.flatnonzero(counts)
    largest, smallest = int(counts.argmax()), int(present[counts[present].argmin()])
    text = (
        f'{len(labels)} images of {len(present)} classes, {counts[largest]} ({classes[largest]}) to {counts[smallest]} '
        f'({classes[smallest]}), imbalance factor {counts[largest] / counts[smallest]:.4g}'
    )
    absent = [classes[label] for label in np.flatnonzero(counts == 0).tolist()]
    return text + (f'; no image of {shorten(absent)}' if absent else '')
