"""Configs of ``toy`` whose heads are trained on the features of a frozen encoder."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from toy import toy_config

from ltcl.launch.tuning.frozen import freeze


def encoder_file(folder: Path) -> Path:
    """A file of the weights of ``toy``'s backbone, always the same."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(toy_config(folder, folder).model)
    model.init_weights()
    path = folder / 'encoder.pth'
    torch.save(dict(state_dict=model.backbone.state_dict()), path)
    return path


def frozen_config(
    images: Path,
    work_dir: Path,
    encoder: Path,
    method: str = 'cross_entropy',
    head: str | None = None,
    **changes: object,
) -> Config:
    """Config of a run of a method on cached features.

    Args:
        images: As of ``toy_config``.
        work_dir: As of ``toy_config``.
        encoder: File of :func:`encoder_file`.
        method: As of ``toy_config``.
        head: As of ``freeze``.
        **changes: As of ``toy_config``, made before the config is frozen; ``views`` is that of ``freeze``.
    """
    views = changes.pop('views', 1)
    cfg = toy_config(images, work_dir, method, **changes)
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(encoder))
    return freeze(cfg, head, hidden=12, views=views)


def frozen_files(images: Path, folder: Path) -> tuple[Path, Path]:
    """Config and checkpoint of an untrained classifier on cached features, in a folder."""
    cfg = frozen_config(images, folder / 'frozen', encoder_file(folder))
    config, checkpoint = folder / f'frozen_{folder.name}.py', folder / 'frozen.pth'
    cfg.dump(config)
    torch.manual_seed(0)
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict(), 'meta': {}}, checkpoint)
    return config, checkpoint
