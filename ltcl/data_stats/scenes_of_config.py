"""Images and masks of a config, counted. Imports mmseg."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS

from ltcl.analysis.seg_class_stats import annotations_only
from ltcl.counted import counted
from ltcl.datasets.image_checks import leaves
from ltcl.errors import UserError

from .images import PARTS
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
    found: dict[str, Any] = {}
    with DefaultScope.overwrite_default_scope('mmseg'):
        for name in PARTS:
            loader = cfg.get(f'{name}_dataloader')
            config = loader and annotations_only(loader.dataset.to_dict())
            if config and config not in [each for each, _ in found.values()]:
                found[name] = config, DATASETS.build(config)
    if not found:
        raise UserError('the config has no data set: name one with train_dataloader, val_dataloader or test_dataloader')
    sets = [(part, leaf) for part, (_, dataset) in enumerate(found.values()) for leaf in leaves(dataset)]
    classes = list(sets[0][1].metainfo['classes'])
    places = [(part, leaf, index) for part, leaf in sets for index in range(len(leaf))]
    with ThreadPoolExecutor(THREADS) as pool:
        read = pool.map(lambda place: _from_sample(*place, len(classes)), places)
        scenes = list(counted(read, len(places), 'masks read'))
    missing = [scene.image for scene in scenes if scene.fault == MISSING]
    kept = [i for i, scene in enumerate(scenes) if scene.fault != MISSING]
    return Scenes(
        classes,
        list(found),
        [scenes[i] for i in kept],
        lambda place: places[kept[place]][1][places[kept[place]][2]]['gt_seg_map'],
        'the config',
        missing,
    )


def _from_sample(part: int, dataset: Any, index: int, num_classes: int) -> Scene:
    info = dataset.get_data_info(index)
    image, mask = str(info.get('img_path')), str(info.get('seg_map_path'))
    none = np.zeros(num_classes, np.int64)
    if not os.path.exists(mask) and '://' not in mask:
        return Scene(image, mask, part, none, fault=MISSING)
    try:
        labels = dataset[index]['gt_seg_map']
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
