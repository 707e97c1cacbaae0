"""A wrapper that makes any data set of one label per image long-tailed."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dataset.base_dataset import force_full_init

from ..errors import UserError
from ..registry import DATASETS
from .long_tail import sample_long_tail


@DATASETS.register_module()
class LongTailedDataset:
    """Long-tailed view of a balanced data set, drawn like CIFAR-LT. A natural tail needs no wrapper.

    Args:
        dataset: Data set of mmpretrain, or any ``BaseDataset`` of mmengine with ``get_gt_labels``, or its config.
            An instance stays as it is.
        imbalance_factor: Largest over smallest class, at least 1.
        profile: 'exponential' or 'step'.
        num_max: Images of the largest class, by default the size of the smallest class of ``dataset``.
        selection_seed: Of the draw; 0 is the published one.
        lazy_init: Leave loading to the first access.

    Raises:
        UserError: The data set has no labels, a number is out of range, or a class has too few images.

    Example:
        >>> train_dataloader = dict(
        ...     dataset=dict(
        ...         type='ltcl.LongTailedDataset',
        ...         dataset=dict(type='CustomDataset', data_root='data/garments', pipeline=[]),
        ...         imbalance_factor=50,
        ...     )
        ... )
    """

    def __init__(
        self,
        dataset: BaseDataset | dict,
        imbalance_factor: float = 100,
        profile: str = 'exponential',
        num_max: int | None = None,
        selection_seed: int = 0,
        lazy_init: bool = False,
    ) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if not (isinstance(self.dataset, BaseDataset) and hasattr(self.dataset, 'get_gt_labels')):
            raise UserError(
                f'LongTailedDataset cannot wrap {type(self.dataset).__name__}: '
                f'give it a data set derived from BaseDataset that has get_gt_labels()'
            )
        self.draw: Any = dict(imbalance_factor=imbalance_factor, profile=profile, num_max=num_max, seed=selection_seed)
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """Meta information of the wrapped data set."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Load the wrapped data set and keep the images of the draw."""
        if self._fully_initialized:
            return
        self.dataset.full_init()
        classes = self.metainfo.get('classes')
        num_classes = len(classes) if classes else None
        kept = sample_long_tail(self.dataset.get_gt_labels(), num_classes=num_classes, **self.draw)
        self.dataset = self.dataset.get_subset(kept.tolist())
        self._fully_initialized = True

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """Data info of the idx-th kept image."""
        return self.dataset.get_data_info(idx)

    @force_full_init
    def get_gt_labels(self) -> np.ndarray:
        """Class of each kept image, shape (N,)."""
        return self.dataset.get_gt_labels()

    @force_full_init
    def __getitem__(self, idx: int) -> dict:
        """The idx-th kept image after the pipeline of the wrapped data set."""
        return self.dataset[idx]

    @force_full_init
    def __len__(self) -> int:
        """Number of kept images."""
        return len(self.dataset)
