"""Folders of empty image files, and what a data set of own images reads from them."""

import collections
import os
from pathlib import Path

from ltcl.datasets import OwnImages


def touch(root: Path, *paths: str) -> Path:
    """Make empty files below a folder."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def images(folder: str, count: int, start: int = 0, suffix: str = '.png') -> list[str]:
    """Paths ``folder/000.png``, ``folder/001.png``, ..."""
    return [f'{folder}/{i:03d}{suffix}' for i in range(start, start + count)]


def write(path: Path, text: str, encoding: str = 'utf-8') -> Path:
    """Write a text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def read(root: Path, split: str = 'train', **arguments: object) -> dict[str, str]:
    """Name of the class of each image, by its path below the root."""
    dataset = OwnImages(str(root), split, serialize_data=False, **arguments)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    classes = dataset.metainfo['classes']
    return {os.path.relpath(info['img_path'], root): classes[info['gt_label']] for info in infos}


def counts(root: Path, split: str = 'train', **arguments: object) -> dict[str, int]:
    """Images of each class."""
    return dict(collections.Counter(read(root, split, **arguments).values()))
