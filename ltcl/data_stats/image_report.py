"""``ltcl stats`` of images with classes."""

import argparse
from typing import Any

from ltcl.own_folder.quietly import quiet

from .image_page import image_page
from .images import Labelled, images_of_config, images_of_folder
from .looking import look
from .neighbours import NEIGHBOURS
from .tables import by_size, tables
from .thumbnails import small_picture
from .writing import tell, tell_classes, write


def report(data: str, cfg: Any, args: argparse.Namespace) -> None:
    """Look at images, print what was found, and write it.

    Args:
        data: The folder or the config's name.
        cfg: The config; None of a folder.
        args: ``out``, ``no_files``, ``backbone`` and ``neighbours`` of the command line.

    Raises:
        UserError: The images cannot be listed, there is no such backbone, or a place cannot be written.
    """
    with quiet():
        images = images_of_folder(data, not args.no_files) if cfg is None else images_of_config(cfg)
    found = look(images, data, not args.no_files, args.backbone, args.neighbours or NEIGHBOURS)
    _tell_classes(images)
    lines = found.lines
    if found.pictures is not None and found.doubtful is None:
        lines.append('labels: --backbone tf_efficientnet_lite0 compares them with those of the nearest neighbours')
    tell(lines, found.verdict)
    if args.out is not None:
        write(
            args.out,
            tables(found),
            lambda: image_page(found, data),
            lambda place: small_picture(images.pictures[place]),
        )


def _tell_classes(images: Labelled) -> None:
    counts, groups = images.counts(), images.groups
    order = by_size(images.training)
    rows = [[images.classes[i], *(int(each[i]) for each in counts.values()), groups[i]] for i in order]
    tell_classes(['class', *counts, 'shots'], rows)
    few, many = images.bounds
    print(
        f'\nmany (> {many}) {groups.count("many"):,}, medium ({few}-{many}) {groups.count("medium"):,}, '
        f'few (< {few}) {groups.count("few"):,} classes'
    )
