"""``ltcl stats`` of images with masks."""

import argparse
from typing import Any

from ltcl.errors import UserError
from ltcl.own_folder.quietly import quiet

from .scene_looking import FoundScenes, look_at_scenes, scene_tables
from .scene_page import picture_of, scene_page
from .scenes import Scenes
from .writing import tell, tell_classes, write


def report(data: str, cfg: Any, args: argparse.Namespace) -> None:
    """Look at images with masks, print what was found, and write it.

    Args:
        data: The folder or the config's name.
        cfg: The config; None of a folder.
        args: ``out`` and ``no_files`` of the command line.

    Raises:
        UserError: There are no images with masks, or a place cannot be written.
    """
    if args.backbone:
        raise UserError('--backbone compares labels of images, and these have masks: leave it out')
    with quiet():
        scenes = scenes_of(data, cfg)
    found = look_at_scenes(scenes, data, not args.no_files)
    _tell_classes(found)
    tell(found.lines, found.verdict)
    if args.out is not None:
        write(args.out, scene_tables(found), lambda: scene_page(found, data), lambda key: picture_of(scenes, key))


def scenes_of(data: str, cfg: Any) -> Scenes:
    """Images and masks of a folder, or of a config."""
    if cfg is None:
        from .scenes_of_folder import scenes_of_folder

        return scenes_of_folder(data)
    from .scenes_of_config import scenes_of_config

    return scenes_of_config(cfg)


def _tell_classes(found: FoundScenes) -> None:
    counts = found.scenes.counts()
    rows = [
        [
            found.scenes.classes[i],
            f'{found.shares[i]:.3g}',
            *(each.image[i] for each in counts.values()),
            found.groups[i],
        ]
        for i in found.order
    ]
    tell_classes(['class (images that show it)', 'pixels, %', *counts, 'shots'], rows)
    print()
