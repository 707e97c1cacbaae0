"""What tells a set of images from another one, wherever it lies: their number and a fingerprint."""

import os
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

DIGEST_BYTES = 8
FILES = ('img_path', 'seg_map_path')


def describe_set(dataset: Any) -> dict[str, Any]:
    """Number of the images of a data set, and a fingerprint of the classes and of each image with its label.

    An image is its file name below the folder that all share, or its pixels where it is in memory: no file is read. A
    copy of the folder elsewhere, or another order, has the same fingerprint; a moved, renamed or relabelled image gives
    another one.

    Args:
        dataset: A data set of mmengine, or a wrapper of one with ``get_data_info``.

    Returns:
        ``images``, an integer, and ``fingerprint``, 16 hexadecimal digits.
    """
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    folder = _shared_folder([info['img_path'] for info in infos if info.get('img_path')])
    digest = blake2b(digest_size=DIGEST_BYTES)
    for line in (*map(repr, dataset.metainfo.get('classes') or ()), *sorted(_lines(infos, folder))):
        digest.update(line.encode('utf-8', 'surrogateescape') + b'\n')
    return {'images': len(infos), 'fingerprint': digest.hexdigest()}


def fingerprint_of_files(datasets: Sequence[Any]) -> str:
    """A fingerprint of several data sets that also tells a file from another one of its name, by the size.

    Args:
        datasets: Data sets of image files, with or without masks.

    Returns:
        16 hexadecimal digits.
    """
    digest = blake2b(digest_size=DIGEST_BYTES)
    for dataset in datasets:
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        sizes = [_size_of(path) for key in FILES for path in sorted(info[key] for info in infos if key in info)]
        digest.update(f'{describe_set(dataset)["fingerprint"]} {sizes}\n'.encode())
    return digest.hexdigest()


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # reading it will tell
        return -1


def _shared_folder(paths: list[str]) -> str:
    folders = {os.path.dirname(path) for path in paths}
    try:
        return os.path.commonpath(folders) if folders else ''
    except ValueError:  # some are absolute and some are not
        return ''


def _lines(infos: list[dict], folder: str) -> Iterator[str]:
    for info in infos:
        if path := info.get('img_path'):
            image = os.path.relpath(path, folder) if folder else path
        else:
            image = blake2b(np.ascontiguousarray(info['img']).data, digest_size=DIGEST_BYTES).hexdigest()
        # A picture of its own says what a segmentation's image shows: its name.
        label = info['gt_label'] if 'gt_label' in info else os.path.basename(info.get('seg_map_path') or '')
        yield f'{image}\t{np.asarray(label).tolist()}'
