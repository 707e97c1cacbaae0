"""Images and masks of a config, counted. Imports mmseg."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS

from ltcl.analysis.seg_class_stats import annotations_only
from ltcl.datasets.image_checks import leaves
from ltcl.errors import UserError
from ltcl.progress_bars import tracked

from .images import PARTS, tests_validation
from .scenes import VOID_LABEL, Scene, Scenes, other_size

THREADS = 4
MISSING = 'does not exist'


def scenes_of_config(cfg: Any) -> Scenes:
    """Images and masks of a config; a part that is another one again is left out.

    Args:
        cfg: The config of a segmentation.

    Raises:
        UserError: It has no data set with masks.
    """
    found: dict[str, dict] = {}
    for name in PARTS:
        config = cfg.get(f'{name}_dataloader') and _config_of(cfg, name)
        if config and config not in found.values():
            found[name] = config
    if not found:
        raise UserError('the config has no data set: name one with train_dataloader, val_dataloader or test_dataloader')
    parts = {name: _samples(config, part) for part, (name, config) in enumerate(found.items())}
    if tests_validation({name: [sample.image for sample in samples] for name, samples in parts.items()}):
        del parts['test']
    samples = [sample for part in parts.values() for sample in part]
    classes = list(samples[0].dataset.metainfo['classes']) if samples else []
    scenes = _read(samples)
    kept = [i for i, scene in enumerate(scenes) if scene.fault != MISSING]
    return Scenes(
        classes,
        list(parts),
        [scenes[i] for i in kept],
        lambda place: samples[kept[place]].labels,
        'the config',
        [scene.image for scene in scenes if scene.fault == MISSING],
    )


def scenes_of_part(cfg: Any, part: str) -> list[Scene]:
    """Images and masks of one part of a config, in the order of its data set; also those without a mask.

    Args:
        cfg: The config of a segmentation.
        part: ``train``, ``val`` or ``test``.
    """
    return _read(_samples(_config_of(cfg, part), 0))


@dataclass(frozen=True)
class _Sample:
    """An image with its mask that is not read yet."""

    part: int
    dataset: Any
    index: int

    @property
    def image(self) -> str:
        """File of the image."""
        return str(self.dataset.get_data_info(self.index).get('img_path'))

    @property
    def labels(self) -> np.ndarray:
        """Labels of its pixels."""
        return self.dataset[self.index]['gt_seg_map']


def _config_of(cfg: Any, part: str) -> dict:
    return annotations_only(cfg[f'{part}_dataloader'].dataset.to_dict())


def _samples(config: dict, part: int) -> list[_Sample]:
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = DATASETS.build(config)
    return [_Sample(part, leaf, index) for leaf in leaves(dataset) for index in range(len(leaf))]


def _read(samples: Sequence[_Sample]) -> list[Scene]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(tracked(pool.map(_scene, samples), 'reading masks', len(samples), 'masks'))


def _scene(sample: _Sample) -> Scene:
    part, dataset, index = sample.part, sample.dataset, sample.index
    num_classes = len(dataset.metainfo['classes'])
    info = dataset.get_data_info(index)
    image, mask = sample.image, str(info.get('seg_map_path'))
    none = np.zeros(num_classes, np.int64)
    if not os.path.exists(mask) and '://' not in mask:
        return Scene(image, mask, part, none, fault=MISSING)
    try:
        labels = sample.labels
    except Exception as error:  # of many kinds, by reader and step
        return Scene(image, mask, part, none, fault=f'cannot be read ({str(error)[:120]})')
    if labels.ndim > 2:
        return Scene(image, mask, part, none, fault='holds colours, not labels')
    fault = other_size(image, labels.shape[:2])
    values, numbers = np.unique(labels, return_counts=True)
    scene = Scene(image, mask, part, none, fault=fault)
    void = getattr(dataset, 'ignore_index', VOID_LABEL)
    for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
        if value == void:
            scene.void += number
        elif 0 <= value < num_classes:
            scene.pixels[value] += number
        else:
            scene.unknown[f'the label {value}'] += number
    return scene
