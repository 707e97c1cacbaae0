"""Data sets that are published as lists of image files."""

from collections.abc import Sequence

import numpy as np
from mmengine import list_from_file
from mmengine.fileio import get_file_backend
from mmpretrain.datasets import BaseDataset

from ..errors import UserError
from ..registry import DATASETS

LINE = r'^(?P<path>\S+)\s+(?P<label>\d{1,9})$'


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

    Lines are split on white space; empty ones are left out. A data info holds ``img_path`` and ``gt_label``, an int.

    Args:
        ann_file: The list, relative to ``data_root``.
        data_root: Folder of all paths.
        num_classes: Number of classes; by default that of ``classes``, else the largest label of the list plus 1.
        classes: Names of the classes, or a file with one per line; by default the labels as text.
        data_prefix: Folder of the images, relative to ``data_root``.
        lazy_init: Leave loading to the first access.
        **kwargs: Arguments of mmpretrain's ``BaseDataset``: ``pipeline``, ``indices``, ``metainfo``, ``test_mode``, ...

    Raises:
        UserError: A file cannot be read, the list is empty, a line has another form, a label is outside the classes, or
            ``num_classes`` is not the number of names.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        num_classes: int | None = None,
        classes: str | Sequence[str] | None = None,
        data_prefix: str | dict = '',
        lazy_init: bool = False,
        **kwargs: object,
    ) -> None:
        if num_classes is not None and num_classes < 1:
            raise UserError(f'num_classes of ImageListDataset must be at least 1, got {num_classes}')
        if isinstance(classes, str):
            classes = [name.strip() for name in _read_lines(classes, 'classes') if name.strip()]
        super().__init__(
            ann_file, data_root=data_root, data_prefix=data_prefix, classes=classes, lazy_init=True, **kwargs
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
        num_classes = None if self.CLASSES is None else len(self.CLASSES)
        paths, labels = read_image_list(self.ann_file, num_classes)
        if num_classes is None:
            self._name_by_label(int(labels.max()) + 1)
        join = get_file_backend(self.img_prefix, enable_singleton=True).join_path
        return [
            {'img_path': join(self.img_prefix, path), 'gt_label': label}
            for path, label in zip(paths, labels.tolist(), strict=True)
        ]

    def _name_by_label(self, num_classes: int) -> None:
        self._metainfo['classes'] = tuple(map(str, range(num_classes)))


def read_image_list(path: str, num_classes: int | None = None) -> tuple[list[str], np.ndarray]:
    """Read a list file of ``relative/path label`` lines.

    Args:
        path: The list file; of a remote storage if mmengine knows its prefix.
        num_classes: Number of classes; None allows any label from 0.

    Returns:
        Paths as they stand in the list, and labels, int64, shape (N,).

    Raises:
        UserError: The file cannot be read or has no image, a line has another form, or a label is outside the classes.
    """
    import pandas as pd  # a fifth of a second, which other data sets need not pay for

    lines = pd.Series(_read_lines(path, 'ann_file'), dtype=str).str.strip()
    lines.index += 1
    lines = lines[lines != '']
    if lines.empty:
        raise UserError(f'the list {path} names no image: each line must be "relative/path label"')
    rows = lines.str.extract(LINE)
    broken = rows['label'].isna()
    if broken.any():
        number = broken.idxmax()
        raise UserError(
            f'{path}, line {number}: expected "relative/path label" with a whole number from 0 as label and no space '
            f'in the path, got {lines[number]!r}'
        )
    labels = rows['label'].astype(np.int64)
    if num_classes is not None and labels.max() >= num_classes:
        number = (labels >= num_classes).idxmax()
        raise UserError(
            f'{path}, line {number}: label {labels[number]} of {rows["path"][number]} is outside the classes, '
            f'0 to {num_classes - 1}: mend the list or set num_classes'
        )
    return rows['path'].tolist(), labels.to_numpy()


def _read_lines(path: str, argument: str) -> list[str]:
    """Lines without their ends; the error names the argument that holds the path."""
    try:
        return list_from_file(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise UserError(
            f'cannot read the list {path} ({reason}): put it there or set {argument} of the data set'
        ) from error
