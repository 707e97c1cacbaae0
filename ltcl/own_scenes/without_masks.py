"""The images of a folder that has masks beside them."""

import os
from collections.abc import Sequence
from pathlib import PurePosixPath

from .folder_words import spot_of
from .layout import is_scene_folder, masks_below
from .mask_facts import mask_facts

# A picture of more values or colours is a photograph, also one of 256 greys.
MOST_VALUES = 32


def without_masks(images: Sequence[str], given: Sequence[str]) -> list[str]:
    """Those of some images that are no masks of a folder of images and masks.

    Args:
        images: What was found in folders, or named.
        given: Images and folders, as they were named; a mask that was named itself stays.
    """
    masks = {
        os.path.realpath(os.path.join(folder, mask))
        for folder in given
        if is_scene_folder(folder)
        for mask in _masks_of(folder)
    }
    named = set(given)
    return [image for image in images if image in named or os.path.realpath(image) not in masks]


def _masks_of(folder: str) -> list[str]:
    """Masks below a folder: a name alone, such as ``1.tif`` beside ``1.jpg``, may be that of another photograph."""
    found = sorted(masks_below(folder))
    by_name = [mask for mask in found if not _lies_with_masks(mask)]
    facts = mask_facts([os.path.join(folder, mask) for mask in by_name], folder)
    photographs = {
        mask for mask, each in zip(by_name, facts, strict=True) if each.fault or len(each.codes) > MOST_VALUES
    }
    return [mask for mask in found if mask not in photographs]


def _lies_with_masks(mask: str) -> bool:
    return spot_of(PurePosixPath(mask).parts[:-1], by_any_word=True).role in ('mask', 'other')
