"""The images of a folder that has masks beside them."""

import os
from collections.abc import Sequence

from .layout import is_scene_folder, masks_below


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
        for mask in masks_below(folder)
    }
    named = set(given)
    return [image for image in images if image in named or os.path.realpath(image) not in masks]
