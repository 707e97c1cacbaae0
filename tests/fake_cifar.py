"""CIFAR and SVHN files in the published layout, with fewer images; the first bytes of each image are its index."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
from scipy.io import savemat
from torchvision.datasets import SVHN

from ltcl.datasets import SVHNLT


def reddish(size: int, generator: np.random.Generator) -> np.ndarray:
    """Pictures of noise with much red and little blue, shape (size, 3, 32, 32); the first 4 bytes are the index."""
    pixels = generator.integers(0, 128, (size, 3, 32, 32), dtype=np.uint8)
    pixels[:, 0] += 128
    pixels[:, 0, 0, :4] = np.arange(size, dtype='<u4').view(np.uint8).reshape(size, 4)
    return pixels


def mixed_labels(counts: list[int], generator: np.random.Generator) -> np.ndarray:
    return generator.permutation(np.repeat(np.arange(len(counts)), counts))


def write_cifar(cls: type, root: Path, num_train: int, num_test: int, seed: int = 0) -> list[tuple]:
    """Write the pickled files of ``ltcl.CIFAR10LT`` or ``ltcl.CIFAR100LT``, classes mixed.

    Args:
        cls: The data set.
        root: Its folder.
        num_train: Training images per class.
        num_test: Test images per class.
        seed: Of pictures and order.

    Returns:
        What to set for the data set to accept the files: objects, names of their attributes, and values.
    """
    generator = np.random.default_rng(seed)
    folder = root / cls.base_folder
    folder.mkdir(parents=True)
    num_classes = len(cls.METAINFO['classes'])
    checksums = {}
    for split, files, per_class in (('train', cls.train_list, num_train), ('test', cls.test_list, num_test)):
        labels = mixed_labels([per_class] * num_classes, generator)
        data = reddish(len(labels), generator).reshape(len(labels), -1)
        checksums[f'{split}_list'] = []
        for (name, _), part in zip(files, np.array_split(np.arange(len(labels)), len(files)), strict=True):
            fine = labels[part].tolist()
            names = {'labels': fine} if num_classes == 10 else {'fine_labels': fine, 'coarse_labels': [0] * len(fine)}
            filenames = [f'image_{number:05d}.png' for number in part]
            content = pickle.dumps({'batch_label': name, 'filenames': filenames, 'data': data[part], **names})
            (folder / name).write_bytes(content)
            checksums[f'{split}_list'].append([name, hashlib.md5(content).hexdigest()])
    attributes = {**checksums, 'source_counts': {'train': num_train, 'test': num_test}}
    return [(cls, *attribute) for attribute in attributes.items()]


def write_svhn(root: Path, labels: dict[str, np.ndarray], seed: int = 0) -> list[tuple]:
    """Write ``train_32x32.mat`` and ``test_32x32.mat`` of SVHN, where digit 0 has the label 10.

    Args:
        root: Folder of the data set.
        labels: Digits of the images, by split.
        seed: Of the pictures.

    Returns:
        What to set for ``ltcl.SVHNLT`` to accept the files: objects, names of their attributes, and values.
    """
    generator = np.random.default_rng(seed)
    root.mkdir(parents=True, exist_ok=True)
    files, counts = {}, {}
    for split, digits in labels.items():
        images = reddish(len(digits), generator).transpose(2, 3, 1, 0)
        path = root / f'{split}_32x32.mat'
        savemat(path, {'X': images, 'y': np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]})
        files[split] = [*SVHN.split_list[split][:2], hashlib.md5(path.read_bytes()).hexdigest()]
        counts[split] = np.roll(np.bincount(digits, minlength=10), -1).tolist()
    return [(SVHN, 'split_list', files), (SVHNLT, 'source_counts', counts)]
