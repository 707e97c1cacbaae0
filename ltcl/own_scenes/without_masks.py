"""The images of a folder that has masks beside them."""

import os
from collections.abc import Sequence

from ..errors import UserError
from .layout import find_scenes, is_scene_folder


def without_masks(images: Sequence[str], given: Sequence[str]) -> list[str]:
    """Those of some images that are no masks of a folder of images and masks.

    Args:
        images: What was found in folders, or named.
        given: Images and folders, as they were named; a mask that was named itself stays.
    """
    masks = {mask for folder in given if is_scene_folder(folder) for mask in _masks_of(folder)}
    named = set(given)
    return [image for image in images if image in named or os.path.realpath(image) not in masks]


def _masks_of(folder: str) -> set[str]:
    try:
        parts = find_scenes(folder).parts.values()
    except UserError:  # which a training would have to name; here all pictures are looked at
        return set()
    masks = [mask for part in parts for mask in (*(pair.mask for pair in part.pairs), *part.without_image)]
    return {os.path.realpath(os.path.join(folder, mask)) for mask in masks}
