"""What a person does with a trained segmentation, as it can be pasted."""

import os
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from .layout import Scenes, find_scenes


def next_commands(work_dir: str, root: str) -> Sequence[str]:
    """The commands.

    Args:
        work_dir: Folder of the run.
        root: The data root that it was trained on.
    """
    scenes = find_scenes(root)
    run, images = shlex.quote(work_dir), shlex.quote(os.path.join(scenes.root, images_of(scenes)))
    return (
        f'ltcl predict {run} {images} --out predicted_masks',
        f'ltcl test {run}',
        f'ltcl export {run} --format onnx',
    )


def images_of(scenes: Scenes) -> str:
    """The largest folder of images that has no masks in it, below the data root; an image where there is none."""
    images = [PurePosixPath(pair.image) for pair in scenes.pairs]
    masks = [PurePosixPath(pair.mask) for pair in scenes.pairs]
    last = images[-1]
    shared = PurePosixPath(os.path.commonpath([image.parent for image in images]) or '.')
    without = [place for place in (shared, last.parent) if not any(mask.is_relative_to(place) for mask in masks)]
    return str((*without, last)[0])
