"""The class of each image of a data set, also of one that repeats or joins others."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ltcl.errors import UserError

from .seeded import SeededDataset


def labels_of(dataset: Any, remedy: str) -> np.ndarray:
    """Class of each image, shape (N,).

    Args:
        dataset: Any data set with ``get_gt_labels`` (mmpretrain's and ours), or a wrapper of mmengine or mmpretrain
            around such ones.
        remedy: What to do where there is none, for the message.

    Raises:
        UserError: The innermost data set does not tell its labels, or gives an image several.
    """
    wrapped: Mapping[str, Any] = getattr(dataset, '__dict__', {})
    if isinstance(dataset, SeededDataset):
        return labels_of(dataset.dataset, remedy)
    if hasattr(dataset, 'get_gt_labels'):
        return _single_labels(dataset, remedy)
    if 'datasets' in wrapped:
        return np.concatenate([labels_of(each, remedy) for each in wrapped['datasets']])
    if 'dataset' in wrapped and hasattr(dataset, '_get_ori_dataset_idx'):
        places = [dataset._get_ori_dataset_idx(index) for index in range(len(dataset))]
        return labels_of(wrapped['dataset'], remedy)[places]
    raise UserError(f'{type(dataset).__name__} has no get_gt_labels(): {remedy}')


def known_labels_of(dataset: Any) -> np.ndarray | None:
    """Class of each image, shape (N,); None where :func:`labels_of` finds none."""
    try:
        return labels_of(dataset, '')
    except UserError:
        return None


def _single_labels(dataset: Any, remedy: str) -> np.ndarray:
    try:
        labels = np.asarray(dataset.get_gt_labels())
    except ValueError:  # lists of several lengths make no array
        labels = np.empty((0, 0))
    if labels.ndim != 1 or labels.dtype == object:
        raise UserError(f'{type(dataset).__name__} gives an image a list of classes, and one is needed: {remedy}')
    return labels
