"""Configs of a second stage on the images of ``toy``, whose first stage is any of ``toy``'s methods."""

from pathlib import Path

from mmengine.config import Config
from toy import CLASS_COUNTS, toy_config

OUTSIDE_THE_ENCODER = r'^(?!backbone\.|neck\.)'


def stage2_config(
    images: Path, work_dir: Path, load_from: Path | None, head: str = 'linear', **changes: object
) -> Config:
    """Config that trains a head, or (``'ncm'``, ``'tau_norm'``) only tests one, on a frozen encoder.

    Args:
        images: Folder of ``write_images``.
        work_dir: Folder of the run.
        load_from: Checkpoint of stage 1.
        head: ``'linear'``, ``'lws'``, ``'mislas'``, ``'tau_norm'`` or ``'ncm'``.
        **changes: As in ``toy_config``.
    """
    cfg = toy_config(images, work_dir, 'cross_entropy', **changes)
    cfg.load_from = str(load_from) if load_from else None
    size = dict(num_classes=len(CLASS_COUNTS), in_channels=16)
    cfg.model.type = 'ltcl.FrozenEncoderClassifier'
    ignore = OUTSIDE_THE_ENCODER
    if head in ('lws', 'mislas'):
        cfg.model.head = dict(type='ltcl.LWSHead', **size)
        ignore = r'^(?!backbone\.|neck\.|head\.fc\.)'
    if head == 'mislas':
        smoothing = dict(type='ltcl.LabelAwareSmoothingLoss', num_classes=len(CLASS_COUNTS))
        cfg.model.head.update(train_classifier=True, loss=smoothing)
        cfg.optim_wrapper.paramwise_cfg = dict(custom_keys={'head.fc': dict(lr_mult=0.2)})
    elif head == 'tau_norm':
        cfg.model.head = dict(type='ltcl.TauNormHead', **size)
        ignore = None
    elif head == 'ncm':
        cfg.model.head = dict(type='ltcl.NearestClassMeanHead', **size)
        cfg.test_evaluator = [*cfg.test_evaluator, dict(type='ltcl.KNNAccuracy', k=3, bounds=(5, 20))]
        add_bank(cfg)
    if head in ('tau_norm', 'ncm'):
        cfg.update(train_dataloader=None, train_cfg=None, optim_wrapper=None, param_scheduler=None)
    if ignore is not None:
        cfg.default_hooks.strict_load.ignore = [ignore]
    return cfg


def add_bank(cfg: Config) -> None:
    """Let a config extract the features of all its images before each evaluation."""
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ltcl.FeatureBankHook', dataloader=cfg.test_dataloader.to_dict())]
