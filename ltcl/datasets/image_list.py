"""Data sets that are published as lists of image files."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.fileio import get_file_backend
from mmpretrain.datasets import BaseDataset

from ..errors import UserError
from ..registry import DATASETS
from .list_files import check_duplicates, check_files, read_rows, read_text, warn_of_empty_classes
from .list_labels import label_indices, label_numbers


@DATASETS.register_module()
class ImageListDataset(BaseDataset):
    """Images named in a list file with one ``relative/path label`` per line, as the large long-tailed sets come.

    ImageNet-LT, Places-LT and iNaturalist 2018 are published in this form::

        data/imagenet
        ├── ImageNet_LT
        │   ├── ImageNet_LT_train.txt    train/n01440764/n01440764_190.JPEG 0
        │   └── ...                      ...
        ├── train
        └── val

    The label is the last word of a line, or the second cell of a ``path,label`` line. A data info holds ``img_path``
    and ``gt_label``, an int. An image that is named twice counts twice, with a warning.

    Args:
        ann_file: The list, relative to ``data_root``.
        data_root: Folder of all paths.
        num_classes: Number of classes; by default that of ``classes``, else the largest label of the list plus 1.
        classes: Names of the classes, or a file with one per line; by default the labels as text. With names a label
            may be a name.
        data_prefix: Folder of the images, relative to ``data_root``.
        check_files: Which images to look for before anything starts: 'sample' (256 of them), 'all' or 'none'.
        lazy_init: Leave loading to the first access.
        **kwargs: Arguments of mmpretrain's ``BaseDataset``: ``pipeline``, ``indices``, ``metainfo``, ``test_mode``, ...

    Raises:
        UserError: A file cannot be read, the list is empty, a line has another form, a label is outside the classes, an
            image is missing or has two labels, or ``num_classes`` is not the number of names.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        num_classes: int | None = None,
        classes: str | Sequence[str] | None = None,
        data_prefix: str | dict = '',
        check_files: str = 'sample',
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        if num_classes is not None and num_classes < 1:
            raise UserError(f'num_classes of ImageListDataset must be at least 1, got {num_classes}')
        self.check_files = check_files
        super().__init__(
            ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            classes=read_classes(classes),
            lazy_init=True,
            **kwargs,
        )
        if self.CLASSES is None and num_classes is not None:
            self._name_by_label(num_classes)
        if num_classes is not None and num_classes != len(self.CLASSES):
            raise UserError(
                f'num_classes of ImageListDataset is {num_classes}, but there are {len(self.CLASSES)} names of '
                'classes: set one of the two, or make them agree'
            )
        if not lazy_init:
            self.full_init()

    def load_data_list(self) -> list[dict]:
        """Infos of all images of the list, in its order."""
        rows = read_rows(self.ann_file)
        if self.CLASSES is None:
            self._name_by_label(int(label_numbers(rows, self.ann_file).max()) + 1)
        labels = label_indices(rows, self.ann_file, self.CLASSES)
        check_duplicates(rows, self.ann_file)
        if not self.test_mode:
            warn_of_empty_classes(labels, self.CLASSES, self.ann_file)
        join = get_file_backend(self.img_prefix, enable_singleton=True).join_path
        paths = [join(self.img_prefix, path) for path in rows['path']]
        check_files(paths, rows, self.ann_file, self.check_files)
        return image_infos(paths, labels)

    def _name_by_label(self, num_classes: int) -> None:
        self._metainfo['classes'] = tuple(map(str, range(num_classes)))


def read_classes(classes: str | Sequence[str] | None) -> list[str] | None:
    """Names of classes, from a file with one name a line if ``classes`` is its path."""
    if not isinstance(classes, str):
        return classes if classes is None else list(classes)
    return read_names(classes)


def read_names(path: str) -> list[str]:
    """Names of classes in a file with one name a line."""
    return [name for name in map(str.strip, read_text(path, 'classes').split('\n')) if name]


def image_infos(paths: Sequence[str], labels: np.ndarray) -> list[dict]:
    """Data infos of a classification data set: path and label, a Python int, of each image."""
    return [{'img_path': path, 'gt_label': label} for path, label in zip(paths, labels.tolist(), strict=True)]
