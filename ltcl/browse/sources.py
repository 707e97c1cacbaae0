"""The data set of a config, and which of its images show which class."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import FUNCTIONS, DefaultScope
from torch.utils.data import Dataset

from ltcl.datasets.cached_features import find_cached
from ltcl.datasets.image_checks import leaves
from ltcl.errors import UserError
from ltcl.evaluation.functional import shot_groups, thirds
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.launch.nodes import dicts_in
from ltcl.registry import DATASETS

SCENES, METRIC = 'mmseg', 'ltcl.ShotAccuracy'


@dataclass
class Source:
    """A data set and what is known of it.

    Attributes:
        cfg: The config.
        part: ``train``, ``val`` or ``test``.
        dataset: The data set, with its pipeline.
        collate: Makes a batch of its samples.
        batch_size: Samples of a batch.
        classes: Names of the classes.
    """

    cfg: Config
    part: str
    dataset: Any
    collate: Any
    batch_size: int
    classes: list[str]

    @property
    def has_masks(self) -> bool:
        """Whether its images have masks."""
        return self.cfg.get('default_scope') == SCENES

    @property
    def is_training(self) -> bool:
        """Whether the network trains on it."""
        return self.part == 'train'

    @cached_property
    def members(self) -> list[np.ndarray]:
        """Places of the images of each class; of masks, of the images that show it."""
        if self.has_masks:
            return [np.flatnonzero(column) for column in (self.pixels > 0).T]
        labels = _labels(self.dataset)
        return [np.flatnonzero(labels == label) for label in range(len(self.classes))]

    @cached_property
    def pixels(self) -> np.ndarray:
        """Pixels of each class in each mask, int64, shape (N, num_classes)."""
        counted = getattr(next(leaves(self.dataset)), 'counted', None)
        if counted is not None and len(counted.pairs) == len(self.dataset):
            return counted.pixels
        from ltcl.data_stats.scenes_of_config import scenes_of_part

        return np.stack([scene.pixels for scene in scenes_of_part(self.cfg, self.part)])

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Labels of the classes of each shot group that there is, by the images of the training, or their pixels."""
        if not self.is_training and self.cfg.get('train_dataloader'):
            return open_source(self.cfg, 'train').groups
        counts = torch.tensor(self.pixels.sum(0) if self.has_masks else [len(each) for each in self.members])
        masks = shot_groups(counts, thirds(counts) if self.has_masks else _bounds(self.cfg))
        return {name: mask.nonzero().flatten().tolist() for name, mask in masks.items() if mask.any()}


def open_source(cfg: Config, part: str) -> Source:
    """Build the data set of a part.

    Args:
        cfg: The config.
        part: ``train``, ``val`` or ``test``.

    Raises:
        UserError: The config has no such part, or the data set cannot be built.
    """
    loader = cfg.get(f'{part}_dataloader')
    if not loader:
        raise UserError(f'the config has no {part}_dataloader: choose another part with --split')
    options = dict(loader.get('collate_fn') or dict(type='pseudo_collate'))
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        dataset = DATASETS.build(loader.dataset)
        collate = FUNCTIONS.get(options.pop('type'))
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    if not len(dataset):
        raise UserError(f'{part}_dataloader has no image')
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    names = list(classes) if classes else [str(i) for i in range(int(_labels(dataset).max()) + 1)]

    def collated(samples: list) -> Any:
        return collate(samples, **options)

    return Source(cfg, part, dataset, collated, loader.get('batch_size') or 1, names)


def _labels(dataset: Dataset) -> np.ndarray:
    """Class of each image, int64, shape (N,)."""
    found: Any = find_cached(dataset) or dataset
    if hasattr(found, 'get_gt_labels'):
        return np.asarray(found.get_gt_labels())
    if not hasattr(found, 'get_data_info'):
        raise UserError(f'{type(found).__name__} does not tell the classes of its images')
    return np.array([found.get_data_info(i)['gt_label'] for i in range(len(found))], np.int64)


def _bounds(cfg: Config) -> tuple[int, int]:
    """Bounds of the shot groups, those of the config's metric if it has one."""
    named = [each.get('bounds') for each in dicts_in(cfg.get('val_evaluator')) if each.get('type') == METRIC]
    few, many = next((each for each in named if isinstance(each, list | tuple)), DEFAULT_BOUNDS)
    return few, many
