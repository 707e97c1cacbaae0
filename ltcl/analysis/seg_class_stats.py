"""How often each class is seen in a segmentation data set: in how many images, and in how many pixels."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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

# Tables published with the original code: sum, first three and last two entries, after label reduction.
PUBLISHED = {
    'ADE20K': dict(
        image=(165120, (11588, 6042, 8240), (773, 421)),
        pixel=(4354607494, (737138625, 503599787, 414602893), (1056209, 890841)),
    ),
    'Cityscapes': dict(
        image=(34723, (2934, 2811, 2934), (513, 1646)),
        pixel=(5523279889, (2036416525, 336090793, 1260636120), (5449152, 22861233)),
    ),
    'COCO-Stuff10k': dict(image=(59217, (4999, 234, 943), (740, 278))),
    'COCO-Stuff164k': dict(image=(965042, (63965, 3241, 12238), (14209, 5053))),
}


@dataclass(frozen=True)
class SegClassStats:
    """Frequency of each class.

    Args:
        classes: Names of the classes.
        num_images: Images that were counted.
        image: Images that show each class.
        pixel: Pixels of each class.
    """

    classes: list[str]
    num_images: int
    image: list[int]
    pixel: list[int]


def count_pixels(label_map: np.ndarray, num_classes: int, ignore_index: int | None = 255) -> np.ndarray:
    """Pixels of each class in one label map.

    Args:
        label_map: Labels after label reduction, unsigned or at least 0, any shape.
        num_classes: Number of classes.
        ignore_index: Label of void pixels, which are not counted.

    Returns:
        int64 array of shape (num_classes,).

    Raises:
        UserError: A label is neither a class nor void.
    """
    counts = np.bincount(label_map.ravel(), minlength=num_classes)
    if ignore_index is not None and ignore_index < len(counts):
        counts[ignore_index] = 0
    if counts[num_classes:].any():
        label = num_classes + np.flatnonzero(counts[num_classes:])[-1]
        raise UserError(f'label {label} is none of the {num_classes} classes')
    return counts[:num_classes]


def sum_up(pixel_counts: Iterable[np.ndarray], classes: Sequence[str]) -> SegClassStats:
    """Statistics from the results of :func:`count_pixels` for each image."""
    image = np.zeros(len(classes), dtype=np.int64)
    pixel = np.zeros(len(classes), dtype=np.int64)
    num_images = 0
    for counts in pixel_counts:
        num_images += 1
        image += counts > 0
        pixel += counts
    return SegClassStats(list(classes), num_images, image.tolist(), pixel.tolist())


def summary(counts: Sequence[int]) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Sum, first three and last two entries of a table, by which it is told from others."""
    return sum(counts), tuple(counts[:3]), tuple(counts[-2:])


def published_name(counts: Sequence[int], count_key: str) -> str | None:
    """Data set whose published table has the same :func:`summary`, None for none.

    Args:
        counts: A table.
        count_key: ``'image'`` or ``'pixel'``.
    """
    return next((name for name, tables in PUBLISHED.items() if tables.get(count_key) == summary(counts)), None)


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


def count_dataset(dataset: Any, workers: int = 4) -> SegClassStats:
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
        looks, pixel_counts = zip(*pool.map(count_image, range(len(dataset))), strict=True)
    if fault := diagnose(Survey(list(looks), len(dataset), find_missing(mask_sets)), rule):
        raise UserError(fault)
    return sum_up(pixel_counts, classes)
