"""How often each class is seen in a segmentation data set: in how many images, and in how many pixels."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import Any

import numpy as np
from mmengine.registry import TRANSFORMS, Registry

from ltcl.datasets.seg_masks import (
    LabelRule,
    Look,
    Survey,
    check_size,
    diagnose,
    find_mask_sets,
    find_missing,
    look_at,
    may_change_labels,
    size_in_header,
)
from ltcl.errors import UserError
from ltcl.progress_bars import tracked

from .seg_class_counts import SegClassCounts, count_pixels, sum_up


def annotations_only(dataset: dict) -> dict:
    """Config of a data set that reads its label maps and nothing else; what repeats or mixes it is left out.

    Args:
        dataset: Config of an mmseg data set, of several that are joined, or of a wrapper.

    Raises:
        UserError: Its pipeline reads no label maps.
    """
    if 'dataset' in dataset:
        return annotations_only(dataset['dataset'])
    if 'datasets' in dataset:
        return {**dataset, 'datasets': [annotations_only(each) for each in dataset['datasets']]}
    steps = label_steps(dataset.get('pipeline', ()))
    if not steps:
        raise UserError(
            f'the pipeline of {dataset.get("type")} has no LoadAnnotations: name a data set with label maps'
        )
    return {**dataset, 'pipeline': steps}


def label_steps(pipeline: Sequence[dict]) -> list[dict]:
    """Those steps of a pipeline that load masks, and those right after that may change a label.

    Args:
        pipeline: Configs of the steps.
    """
    places = [place for place, step in enumerate(pipeline) if str(step['type']).endswith('LoadAnnotations')]
    if not places:
        return []
    with TRANSFORMS.switch_scope_and_registry(None) as registry:
        after = takewhile(lambda step: _may_change_labels(step, registry), pipeline[places[-1] + 1 :])
        return [*(pipeline[place] for place in places), *after]


def _may_change_labels(step: dict, registry: Registry) -> bool:
    kind = step['type'] if isinstance(step['type'], type) else registry.get(step['type'])
    return kind is not None and may_change_labels(kind)


def count_dataset(dataset: Any, workers: int = 4) -> SegClassCounts:
    """Statistics of a built data set whose samples hold a ``gt_seg_map``.

    Args:
        dataset: Data set of mmseg, or several that are joined.
        workers: Threads that read label maps.

    Raises:
        UserError: What ``ltcl.CheckMasksHook`` would refuse, with the file; or there is no image.
    """
    classes = dataset.metainfo['classes']
    ignore_index = getattr(getattr(dataset, 'datasets', [dataset])[0], 'ignore_index', 255)
    if not len(dataset):
        raise UserError('the data set has no image: check data_root and data_prefix in the config')
    rule = LabelRule(tuple(classes), frozenset({ignore_index} - {None}))
    mask_sets = find_mask_sets(dataset)
    for mask_set in mask_sets:
        mask_set.guard_reading()

    def count_image(idx: int) -> tuple[Look, np.ndarray | None]:
        try:
            sample = dataset[idx]
            check_size(sample['seg_map_path'], {'ori_shape': size_in_header(sample.get('img_path')), **sample})
        except UserError as error:
            return Look(path='', error=str(error)), None
        look = look_at(sample)
        is_sound = not look.colours and not rule.strange(look.labels)
        return look, count_pixels(sample['gt_seg_map'], len(classes), ignore_index) if is_sound else None

    with ThreadPoolExecutor(workers) as pool:
        counted = tracked(pool.map(count_image, range(len(dataset))), 'counting pixels', len(dataset))
        looks, pixel_counts = zip(*counted, strict=True)
    if fault := diagnose(Survey(list(looks), len(dataset), find_missing(mask_sets)), rule):
        raise UserError(fault)
    return sum_up(pixel_counts, classes)
