"""An unbalanced folder of tiny images and configs that train on it within seconds."""

from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image

CONFIGS = Path(__file__).parents[1] / 'configs'
CLASS_COUNTS = (24, 12, 4)
BATCH_SIZE = 8

VIEW = [dict(type='RandomCrop', crop_size=16, padding=2), dict(type='RandomFlip', prob=0.5)]
HEADS = {
    'paco': dict(type='ltcl.PaCoHead', alpha=0.05, queue_len=12),
    'gpaco': dict(type='ltcl.PaCoHead', alpha=0.05, queue_len=12, queue_init='empty'),
    'multi_task': dict(
        type='ltcl.MultiTaskHead',
        queue_len=12,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=len(CLASS_COUNTS)),
    ),
    'kcl': dict(type='ltcl.KCLHead', queue_len=12, num_positives=3),
    'tsc': dict(type='ltcl.TSCHead', queue_len=12, num_positives=3),
}


def write_images(root: Path, class_counts: tuple[int, ...] = CLASS_COUNTS, size: int = 16) -> Path:
    """A folder of class folders; a class is told by the brightness of its images."""
    generator = np.random.default_rng(0)
    for label, count in enumerate(class_counts):
        folder = root / f'class_{label}'
        folder.mkdir(parents=True)
        for number in range(count):
            image = generator.normal(60 + 60 * label, 20, (size, size, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(image).save(folder / f'{number}.png')
    return root


def toy_config(
    images: Path, work_dir: Path, method: str = 'paco', with_report: bool = False, **changes: object
) -> Config:
    """Config of a run with everything a real one has, reduced in size.

    Args:
        images: Folder of :func:`write_images`.
        work_dir: Folder of the run.
        method: ``'paco'``, ``'gpaco'``, ``'multi_task'``, ``'kcl'``, ``'tsc'`` or ``'cross_entropy'``.
        with_report: Draw and write the report at the end, which takes longer than the run.
        **changes: Config entries to overwrite, dots written as two underscores.
    """
    load = dict(type='LoadImageFromFile')
    if method == 'cross_entropy':
        pipeline = [load, *VIEW, dict(type='PackInputs')]
    else:
        pipeline = [load, dict(type='MultiView', num_views=2, transforms=[VIEW]), dict(type='PackInputs')]

    def loader(pipeline: list[dict], shuffle: bool) -> dict:
        return dict(
            batch_size=BATCH_SIZE,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            collate_fn=dict(type='default_collate'),
            drop_last=shuffle,
            dataset=dict(type='CustomDataset', data_prefix=str(images), pipeline=pipeline),
        )

    model = dict(
        type='ImageClassifier',
        data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
        backbone=dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4),
        neck=dict(type='GlobalAveragePooling'),
    )
    size = dict(num_classes=len(CLASS_COUNTS), in_channels=16)
    hooks = []
    metric = dict(type='ltcl.ShotAccuracy', bounds=(5, 20))
    if method == 'cross_entropy':
        model['head'] = dict(type='LinearClsHead', **size)
    else:
        projector = dict(type='ltcl.Projector', in_channels=16, out_channels=8)
        if method in ('paco', 'kcl', 'tsc'):
            if method == 'paco':
                projector['norm_cfg'] = dict(type='BN1d')
            model.update(key_views=(1,), shuffle_bn=True)
            hooks = [dict(type='ltcl.MomentumUpdateHook', momentum=0.9)]
        else:
            model.update(online_views=(0, 1))
        if method in ('kcl', 'tsc'):  # no classifier: neighbours among the training images vote
            del size['in_channels']
            metric = dict(type='ltcl.KNNAccuracy', k=3, bounds=(5, 20))
            bank = loader([load, dict(type='PackInputs')], shuffle=False)
            hooks.append(dict(type='ltcl.FeatureBankHook', dataloader=bank))
        if method == 'tsc':
            hooks.append(dict(type='ltcl.TargetAssignmentHook', interval=3))
        model.update(
            type='ltcl.ContrastiveClassifier', projector=projector, head=dict(HEADS[method], feat_dim=8, **size)
        )
    cfg = Config.fromfile(CONFIGS / '_base_' / 'default_runtime.py')
    cfg.merge_from_dict(
        dict(
            work_dir=str(work_dir),
            model=model,
            train_dataloader=loader(pipeline, shuffle=True),
            val_dataloader=loader([load, dict(type='PackInputs')], shuffle=False),
            test_dataloader=loader([load, dict(type='PackInputs')], shuffle=False),
            val_evaluator=[metric],
            test_evaluator=[metric],
            optim_wrapper=dict(
                type='ltcl.Bfloat16OptimWrapper',
                optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4),
            ),
            param_scheduler=dict(type='CosineAnnealingLR', T_max=4, by_epoch=True),
            train_cfg=dict(type='ltcl.ResumableTrainLoop', max_epochs=4, val_interval=4),
            val_cfg=dict(),
            test_cfg=dict(),
        )
    )
    if method in ('kcl', 'tsc'):
        cfg.default_hooks.checkpoint.save_best = 'knn/all'
    cfg.custom_hooks = [
        hook for hook in cfg.custom_hooks if with_report or hook['type'] != 'ltcl.RunReportHook'
    ] + hooks
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in changes.items()})
    return cfg
