"""A small set of two classes, background and blob, whose masks are written as a test wants them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image
from toy_scenes import SMALL, toy_scenes_config

SIZE = (40, 44)
CLASSES = ('background', 'blob')
NUM_IMAGES = {'train': 4, 'val': 2}
(CROSS_ENTROPY,) = [path for path in SMALL if path.stem.startswith('cross-entropy_')]


def blob(seed: int) -> np.ndarray:
    """Labels 0 and 1, uint8, shape SIZE."""
    labels = np.zeros(SIZE, dtype=np.uint8)
    top, left = np.random.default_rng(seed).integers(0, 20, 2)
    labels[top : top + 16, left : left + 16] = 1
    return labels


def save(values: np.ndarray, path: Path, **kwargs: object) -> None:
    """Write an array as a picture."""
    Image.fromarray(values).save(path, **kwargs)


def write_masks(
    root: Path,
    change: Callable[[np.ndarray], np.ndarray] = lambda labels: labels,
    where: Callable[[str, int], bool] = lambda split, number: True,
    write: Callable[..., None] = save,
) -> Path:
    """Grey pictures in ``img_dir``, masks in ``ann_dir``.

    Args:
        root: Folder to write to.
        change: Makes what is written of labels 0 and 1.
        where: Whether the mask of a split and a number is changed.
        write: Writes a changed mask.
    """
    for split, number in NUM_IMAGES.items():
        for part in ('img_dir', 'ann_dir'):
            (root / part / split).mkdir(parents=True)
        for i in range(number):
            labels = blob(i)
            save(60 + 100 * labels, root / 'img_dir' / split / f'{i}.png')
            path = root / 'ann_dir' / split / f'{i}.png'
            if where(split, i):
                write(change(labels), path)
            else:
                save(labels, path)
    return root


def mask_config(root: Path, work_dir: Path, steps: tuple[dict, ...] = (), **changes: object) -> Config:
    """The small cross-entropy config on the masks.

    Args:
        root: Folder of :func:`write_masks`.
        work_dir: Folder of the run.
        steps: Put after ``LoadAnnotations`` into all pipelines.
        **changes: Config entries to overwrite, dots written as two underscores.
    """
    cfg = toy_scenes_config(CROSS_ENTROPY, root, work_dir)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.update(type='BaseSegDataset', img_suffix='.png', metainfo=dict(classes=CLASSES))
        loader.dataset.pipeline[2:2] = steps
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        evaluator[0].class_counts = None
    cfg.merge_from_dict(
        {
            'model.decode_head.num_classes': len(CLASSES),
            'model.auxiliary_head.num_classes': len(CLASSES),
            'train_cfg': dict(max_iters=2, val_interval=2),
            'default_hooks.checkpoint': dict(save_last=False, save_best=None),
            **{key.replace('__', '.'): value for key, value in changes.items()},
        }
    )
    return cfg
