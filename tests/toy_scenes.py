"""A few small scenes in the layout of the composed ones, and the configs of segmentation reduced to seconds."""

import json
from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image

from ltcl.fashion_mnist.scenes import CLASSES
from ltcl.launch import load_config

CONFIGS = Path(__file__).parents[1] / 'configs' / 'seg'
SMALL = sorted(CONFIGS.glob('*/*_fashion-scenes.py'))
SIZE, CROP = 40, 32
NUM_IMAGES = {'train': 7, 'val': 5}
BATCH_SIZE = 2
CLASS_COUNTS = [7, 7, 6, 6, 5, 5, 4, 3, 2, 2, 1]


def write_toy_scenes(root: Path) -> Path:
    """Pictures of bars whose brightness tells their class; every class is in every picture."""
    generator = np.random.default_rng(0)
    for split, number in NUM_IMAGES.items():
        for part in ('img_dir', 'ann_dir'):
            (root / part / split).mkdir(parents=True)
        for image in range(number):
            labels = np.repeat(generator.permutation(len(CLASSES)), 4)[:SIZE]
            label_map = np.tile(labels, (SIZE, 1)).astype(np.uint8)
            picture = (20 * label_map + generator.integers(8, size=label_map.shape)).astype(np.uint8)
            Image.fromarray(picture).save(root / 'img_dir' / split / f'{image}.png')
            Image.fromarray(label_map).save(root / 'ann_dir' / split / f'{image}.png')
    (root / 'class_counts.json').write_text(json.dumps(dict(image=CLASS_COUNTS)))
    return root


def toy_scenes_config(path: Path, scenes: Path, work_dir: Path, with_report: bool = False, **changes: object) -> Config:
    """A config of the composed scenes, reduced in size and length.

    Args:
        path: One of ``SMALL``.
        scenes: Folder of :func:`write_toy_scenes`.
        work_dir: Folder of the run.
        with_report: Draw and write the report and the pictures at the end.
        **changes: Config entries to overwrite, dots written as two underscores.
    """
    cfg = load_config(str(path))
    branches = cfg.model.decode_head.get('branches', {})
    if 'region' in branches:
        branches.region.class_counts = str(scenes / 'class_counts.json')
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'model.backbone.base_channels': 4,
            'model.backbone.stem_channels': 4,
            'model.decode_head': dict(in_channels=16, channels=8, c1_in_channels=4, c1_channels=4),
            'model.auxiliary_head': dict(in_channels=8, channels=4),
            'data_preprocessor.size': (CROP, CROP),
            'train_dataloader.batch_size': BATCH_SIZE,
            'val_dataloader.batch_size': 2,
            'test_dataloader.batch_size': 2,
            'optim_wrapper.optimizer.lr': 1e-3,
            'param_scheduler.0.end': 2,
            'train_cfg': dict(max_iters=6, val_interval=6),
        }
    )
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = str(scenes)
        for step in loader.dataset.pipeline:
            if step.type == 'RandomResize':
                step.scale = (SIZE, SIZE)
            elif step.type == 'RandomCrop':
                step.crop_size = (CROP, CROP)
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        evaluator[0].class_counts = str(scenes / 'class_counts.json')
    if not with_report:
        cfg.default_hooks.update(run_report=None, prediction_pictures=None)
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in changes.items()})
    return cfg
