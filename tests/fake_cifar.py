"""CIFAR files in the published layout, with fewer images."""

import hashlib
import pickle
from pathlib import Path

import numpy as np


def write_cifar100(root: Path, num_train: int, num_test: int, seed: int = 0) -> dict:
    """Write ``cifar-100-python`` with pictures of noise, classes mixed.

    Args:
        root: Folder of the data set.
        num_train: Training images per class.
        num_test: Test images per class.
        seed: Of pictures and order.

    Returns:
        Class attributes under which ``ltcl.CIFAR100LT`` accepts the files.
    """
    generator = np.random.default_rng(seed)
    folder = root / 'cifar-100-python'
    folder.mkdir(parents=True)
    checksums = {}
    for name, per_class in (('train', num_train), ('test', num_test)):
        labels = generator.permutation(np.repeat(np.arange(100), per_class))
        content = pickle.dumps(
            {
                'filenames': [f'image_{number:05d}.png' for number in range(len(labels))],
                'batch_label': f'{name}ing batch 1 of 1',
                'fine_labels': labels.tolist(),
                'coarse_labels': (labels // 5).tolist(),
                'data': generator.integers(0, 256, (len(labels), 3 * 32 * 32), dtype=np.uint8),
            }
        )
        (folder / name).write_bytes(content)
        checksums[f'{name}_list'] = [[name, hashlib.md5(content).hexdigest()]]
    return {**checksums, 'source_counts': {'train': num_train, 'test': num_test}}
