"""Data sets that lie on disk as a folder of class folders."""

from collections.abc import Sequence
from typing import Any

from mmpretrain.datasets import BaseDataset

from ..errors import UserError
from ..registry import DATASETS
from .class_folders import scan_class_folders
from .image_list import image_infos, read_classes


@DATASETS.register_module()
class ImageFolderDataset(BaseDataset):
    """Images in one folder for each class, as ImageNet lies on disk; labels are those of the sorted folder names::

        data/imagenet
        ├── train    n01440764/n01440764_190.JPEG, ...
        └── val      n01440764/ILSVRC2012_val_00000293.JPEG, ...

    Which files are images is said at :func:`scan_class_folders`. A data info holds ``img_path`` and ``gt_label``, an
    int. Until the folder is read (``lazy_init``), the names of the classes are their labels as text.

    Args:
        data_root: Folder of the data set.
        data_prefix: Folder of the class folders, relative to ``data_root``.
        num_classes: Number of classes that the folder must have; None takes what is there.
        classes: Names of the class folders in the order of their labels, or a file with one per line; other folders are
            passed over. None takes all, sorted by name.
        lazy_init: Leave loading to the first access.
        **kwargs: Arguments of mmpretrain's ``BaseDataset``: ``pipeline``, ``indices``, ``metainfo``, ``test_mode``, ...

    Raises:
        UserError: The folder is missing or has another number of class folders than ``num_classes``, a class folder is
            missing or has no image.
    """

    def __init__(
        self,
        data_root: str = '',
        data_prefix: str | dict = '',
        num_classes: int | None = None,
        classes: str | Sequence[str] | None = None,
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        classes = read_classes(classes)
        super().__init__('', data_root=data_root, data_prefix=data_prefix, classes=classes, lazy_init=True, **kwargs)
        self._asked_classes = self.CLASSES
        if self.CLASSES is None and num_classes is not None:
            self._metainfo['classes'] = tuple(map(str, range(num_classes)))
        self._num_classes = num_classes
        if not lazy_init:
            self.full_init()

    def load_data_list(self) -> list[dict]:
        """Infos of all images, by class and then by path."""
        paths, labels, names = scan_class_folders(self.img_prefix, self._asked_classes)
        if self._num_classes not in (None, len(names)):
            raise UserError(
                f'{self.img_prefix} has {len(names)} class folders, but num_classes is {self._num_classes}: '
                'complete the folder, or set data_root, data_prefix or num_classes of ImageFolderDataset'
            )
        self._metainfo['classes'] = tuple(names)
        return image_infos(paths, labels)
