"""An unbalanced folder of tiny images and configs that train on it within seconds."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image

CONFIGS = Path(__file__).parents[1] / 'configs'
CLASS_COUNTS = (24, 12, 4)
BATCH_SIZE = 8

VIEW = [dict(type='RandomCrop', crop_size=16, padding=2), dict(type='RandomFlip', prob=0.5)]
FEAT_DIM = 8
CLASSIFIER = dict(num_classes=len(CLASS_COUNTS), in_channels=16)
CONTRASTIVE = dict(**CLASSIFIER, feat_dim=FEAT_DIM)
EMBEDDING = dict(num_classes=len(CLASS_COUNTS), feat_dim=FEAT_DIM)
MOMENTUM = dict(key_views=(1,), shuffle_bn=True)
TWO_VIEWS = dict(online_views=(0, 1))
JOINT = dict(joint_forward=True)
BATCH_NORM = dict(norm_cfg=dict(type='BN1d'))
BALANCED_SOFTMAX = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=len(CLASS_COUNTS))
MOMENTUM_HOOK = dict(type='ltcl.MomentumUpdateHook', momentum=0.9)


@dataclass(frozen=True)
class Method:
    """What sets a method apart from the others.

    Args:
        head: Config of the head.
        model: Further arguments of ``ltcl.ContrastiveClassifier``; None is a plain classifier.
        projector: Further arguments of the projector.
        hooks: Configs of further hooks.
        queues: Names of the head's queues.
        enqueued: What the queues take: ``'embeddings'`` of the online views or ``'keys'``, and the view's number.
        has_classifier: Whether the head classifies; without, the nearest training images vote.
    """

    head: dict
    model: dict | None = None
    projector: dict | None = None
    hooks: tuple[dict, ...] = ()
    queues: tuple[str, ...] = ()
    enqueued: tuple[str, int] = ('embeddings', 0)
    has_classifier: bool = True

    @property
    def has_key_encoder(self) -> bool:
        """Whether a momentum encoder encodes a view."""
        return 'key_views' in (self.model or {})

    @property
    def num_views(self) -> int:
        """Views of each image."""
        model = self.model or {}
        return len(model.get('online_views', (0,))) + len(model.get('key_views', ()))

    @property
    def trained_parts(self) -> set[str]:
        """Parts of the model that a step moves."""
        parts = {'backbone': True, 'projector': self.model is not None, 'head': self.has_classifier}
        parts['momentum_encoder'] = self.has_key_encoder
        return {name for name, is_moved in parts.items() if is_moved}

    @property
    def score(self) -> str:
        """Name of the figure that a validation reports."""
        return 'shot/all' if self.has_classifier else 'knn/all'


# The one table of methods: every test of all methods goes through its rows.
METHODS = {
    'cross_entropy': Method(head=dict(type='LinearClsHead', **CLASSIFIER)),
    'paco': Method(
        head=dict(type='ltcl.PaCoHead', **CONTRASTIVE, alpha=0.05, queue_len=12),
        model=MOMENTUM,
        projector=BATCH_NORM,
        hooks=(MOMENTUM_HOOK,),
        queues=('queue',),
        enqueued=('keys', 0),
    ),
    'gpaco': Method(
        head=dict(type='ltcl.PaCoHead', **CONTRASTIVE, alpha=0.05, queue_len=12, queue_init='empty'),
        model=TWO_VIEWS,
        queues=('queue',),
        enqueued=('embeddings', 1),
    ),
    'multi_task': Method(
        head=dict(type='ltcl.MultiTaskHead', **CONTRASTIVE, queue_len=12, loss=BALANCED_SOFTMAX),
        model=TWO_VIEWS,
        queues=('queue',),
        enqueued=('embeddings', 1),
    ),
    'bcl': Method(
        head=dict(type='ltcl.BCLHead', **CONTRASTIVE),
        model=dict(online_views=(0, 1, 2), **JOINT),
        projector=BATCH_NORM,
    ),
    'proco': Method(
        head=dict(type='ltcl.ProCoHead', **CONTRASTIVE),
        model=dict(online_views=(0, 1, 2), **JOINT),
        projector=BATCH_NORM,
        hooks=(dict(type='ltcl.ClassMeansHook'),),
    ),
    'kcl': Method(
        head=dict(type='ltcl.KCLHead', **EMBEDDING, queue_len=12, num_positives=3),
        model=MOMENTUM,
        hooks=(MOMENTUM_HOOK,),
        queues=('queue',),
        enqueued=('keys', 0),
        has_classifier=False,
    ),
    'tsc': Method(
        head=dict(type='ltcl.TSCHead', **EMBEDDING, queue_len=12, num_positives=3),
        model=MOMENTUM,
        hooks=(MOMENTUM_HOOK, dict(type='ltcl.TargetAssignmentHook', interval=3)),
        queues=('queue',),
        enqueued=('keys', 0),
        has_classifier=False,
    ),
    'in_batch_kcl': Method(
        head=dict(type='ltcl.InBatchKCLHead', num_classes=len(CLASS_COUNTS), num_positives=3),
        model=TWO_VIEWS | JOINT,
        has_classifier=False,
    ),
    'in_batch_tsc': Method(
        head=dict(type='ltcl.InBatchTSCHead', **EMBEDDING, num_positives=3, target_repeat=2),
        model=TWO_VIEWS | JOINT,
        has_classifier=False,
    ),
    'resco': Method(
        head=dict(type='ltcl.ResCoHead', **CONTRASTIVE, positives_per_class=4, negatives_per_class=1),
        model=TWO_VIEWS,
        projector=BATCH_NORM,
        queues=('positive_queue', 'negative_queue'),
        enqueued=('embeddings', 1),
    ),
    'rescom': Method(
        head=dict(type='ltcl.ResComHead', **CONTRASTIVE, queue_per_class=5, num_hard_negatives=6),
        model=TWO_VIEWS | JOINT,
        projector=BATCH_NORM,
        queues=('class_queue',),
    ),
    'balpoe': Method(head=dict(type='ltcl.BalPoEHead', **CLASSIFIER)),
}


def row_of(model: dict) -> Method:
    """The row of ``METHODS`` whose head and encoders the model of a config has; that of a plain classifier if none."""
    is_alike = (
        row
        for row in METHODS.values()
        if row.head['type'] == model['head']['type'] and row.has_key_encoder == bool(model.get('key_views'))
    )
    return next(is_alike, METHODS['cross_entropy'])


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


def loader_config(images: Path, views: list[dict], shuffle: bool) -> dict:
    """Config of a dataloader; ``views`` are the steps between reading and packing."""
    pipeline = [dict(type='LoadImageFromFile'), *views, dict(type='PackInputs')]
    return dict(
        batch_size=BATCH_SIZE,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=shuffle),
        collate_fn=dict(type='default_collate'),
        drop_last=shuffle,
        dataset=dict(type='CustomDataset', data_prefix=str(images), pipeline=pipeline),
    )


def model_config(method: Method) -> dict:
    """Config of a small network with the method's head."""
    model = dict(
        type='ImageClassifier',
        data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
        backbone=dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4),
        neck=dict(type='GlobalAveragePooling'),
        head=method.head,
    )
    if method.model is not None:
        projector = dict(type='ltcl.Projector', in_channels=16, out_channels=FEAT_DIM, **method.projector or {})
        model.update(method.model, type='ltcl.ContrastiveClassifier', projector=projector)
    return model


def toy_config(
    images: Path, work_dir: Path, method: str = 'paco', with_report: bool = False, **changes: object
) -> Config:
    """Config of a run with everything a real one has, reduced in size.

    Args:
        images: Folder of :func:`write_images`.
        work_dir: Folder of the run.
        method: A key of ``METHODS``.
        with_report: Draw and write the report at the end, which takes longer than the run.
        **changes: Config entries to overwrite, dots written as two underscores.
    """
    parts = copy.deepcopy(METHODS[method])
    is_single = parts.num_views == 1
    views = VIEW if is_single else [dict(type='MultiView', num_views=parts.num_views, transforms=[VIEW])]
    metric = dict(type='ltcl.ShotAccuracy', bounds=(5, 20))
    hooks = list(parts.hooks)
    if not parts.has_classifier:
        metric = dict(type='ltcl.KNNAccuracy', k=3, bounds=(5, 20))
        hooks.append(dict(type='ltcl.FeatureBankHook'))
    cfg = Config.fromfile(CONFIGS / '_base_' / 'default_runtime.py')
    cfg.merge_from_dict(
        dict(
            work_dir=str(work_dir),
            model=model_config(parts),
            train_dataloader=loader_config(images, views, shuffle=True),
            val_dataloader=loader_config(images, [], shuffle=False),
            test_dataloader=loader_config(images, [], shuffle=False),
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
    cfg.default_hooks.checkpoint.save_best = parts.score
    if not with_report:
        cfg.default_hooks.run_report = None
    cfg.custom_hooks = hooks
    cfg.merge_from_dict({key.replace('__', '.'): copy.deepcopy(value) for key, value in changes.items()})
    return cfg
