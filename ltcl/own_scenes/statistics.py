"""How often each class is seen in own masks: images and pixels, and the shot groups by pixels."""

from collections.abc import Sequence

import numpy as np
import torch

from ..evaluation.functional import shot_groups, thirds
from .label_map import VOID, LabelMap
from .mask_facts import MaskFacts


def pixels_of_classes(facts: Sequence[MaskFacts], label_map: LabelMap) -> np.ndarray:
    """Pixels of each class in each mask, int64, shape (N, num_classes).

    Args:
        facts: What the masks hold.
        label_map: What that means.
    """
    pixels = np.zeros((len(facts), VOID + 1), np.int64)
    for row, each in zip(pixels, facts, strict=True):
        np.add.at(row, [label_map.labels[code] for code in each.codes], each.pixels)
    return pixels[:, : len(label_map.names)]


def rarest_classes(pixels: np.ndarray) -> np.ndarray:
    """The class of each image that the fewest images show, int64, shape (N,); num_classes where all is void.

    Args:
        pixels: Of :func:`pixels_of_classes`.
    """
    shows = np.concatenate([pixels > 0, np.ones((len(pixels), 1), bool)], axis=1)
    counts = np.append((pixels > 0).sum(axis=0), len(pixels) + 1)
    return np.where(shows, counts, len(pixels) + 2).argmin(axis=1)


def shot_group_of(pixel_counts: Sequence[int]) -> list[str]:
    """'many', 'medium' or 'few' for each class: the third of the classes with most pixels is many-shot."""
    counts = torch.as_tensor(pixel_counts)
    groups = shot_groups(counts, thirds(counts))
    return [next(name for name, mask in groups.items() if mask[label]) for label in range(len(counts))]
