"""Samples on their way out of a worker, which stay what they are in it.

mmpretrain sends the tensors of a sample as arrays, and makes arrays of them in the sample itself: one that is kept and
sent again has no tensors at its second arrival. Cached features keep theirs.
"""

from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor


def _reduce(sample: DataSample) -> tuple[Callable, tuple]:
    kept = dict(sample.__dict__)
    tensors = [name for name, value in kept.items() if isinstance(value, Tensor)]
    return _rebuild, (kept | {name: kept[name].numpy() for name in tensors}, tensors)


def _rebuild(kept: dict[str, Any], tensors: list[str]) -> DataSample:
    sample = DataSample()
    sample.__dict__ = kept | {name: torch.from_numpy(kept[name]) for name in tensors}
    return sample


ForkingPickler.register(DataSample, _reduce)
