"""Images and masks of a folder, counted."""

import os
from collections import Counter

import numpy as np

from ltcl.errors import UserError
from ltcl.own_scenes.class_file import in_words
from ltcl.own_scenes.label_map import LabelMap, find_label_map
from ltcl.own_scenes.layout import find_scenes
from ltcl.own_scenes.mask_facts import MaskFacts, mask_facts, read_codes

from .scenes import VOID_LABEL, Scene, Scenes, other_size


def scenes_of_folder(root: str) -> Scenes:
    """Images and masks of a folder, as ``ltcl train`` reads them.

    Args:
        root: The folder.

    Raises:
        UserError: There are no images with masks, or their values do not tell the classes.
    """
    found = find_scenes(root)
    facts = mask_facts([os.path.join(root, pair.mask) for pair in found.pairs], root)
    sound = [(pair.mask, each) for pair, each in zip(found.pairs, facts, strict=True) if each.fault is None]
    if not sound:
        raise UserError(f'{root}: none of the {len(facts)} masks can be used: {found.pairs[0].mask} {facts[0].fault}')
    masks, whole = zip(*sound, strict=True)
    label_map = find_label_map(root, masks, whole, refuse_strange=False)
    parts = [part for part, each in enumerate(found.parts.values()) for _ in each.pairs]
    scenes = [
        _from_facts(os.path.join(root, pair.image), os.path.join(root, pair.mask), part, each, label_map)
        for pair, part, each in zip(found.pairs, parts, facts, strict=True)
    ]
    without_mask = [os.path.join(root, path) for part in found.parts.values() for path in part.without_mask]
    without_image = [os.path.join(root, path) for part in found.parts.values() for path in part.without_image]
    return Scenes(
        label_map.names,
        list(found.parts),
        scenes,
        lambda place: _labels_of_file(scenes[place].mask, label_map),
        label_map.source,
        without_mask,
        without_image,
        found.notes,
        None if 'val' in found.parts else found.training,
    )


def _from_facts(image: str, mask: str, part: int, facts: MaskFacts, label_map: LabelMap) -> Scene:
    pixels, void, unknown = np.zeros(len(label_map.names), np.int64), 0, Counter[str]()
    for code, number in zip(facts.codes, facts.pixels, strict=True):
        label = label_map.labels.get(code)
        if label is None:
            unknown[in_words(code)] += number
        elif label < len(pixels):
            pixels[label] += number
        else:
            void += number
    return Scene(image, mask, part, pixels, void, unknown, facts.fault or other_size(image, facts.size))


def _labels_of_file(mask: str, label_map: LabelMap) -> np.ndarray:
    """Labels of the pixels of a mask file, 255 for what is no class."""
    codes = read_codes(mask)
    labels = np.full(codes.shape, VOID_LABEL)
    for code, label in label_map.labels.items():
        labels[codes == code] = label
    return labels
