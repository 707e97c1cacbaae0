"""What a data preprocessor makes of images, and back: normalised tensors as pixels."""

from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import Tensor, nn


def preprocessor_of(cfg: Config) -> nn.Module:
    """The data preprocessor of a config's model, as the model would build it.

    Args:
        cfg: The config. The model itself, which may be large, is not built.
    """
    found: Any = cfg.model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    entries = dict(found)
    if cfg.get('default_scope') != 'mmseg':  # as mmpretrain's ImageClassifier does
        entries.setdefault('type', 'ClsDataPreprocessor')
        entries.setdefault('batch_augments', cfg.model.get('train_cfg'))
    return MODELS.build(entries)


def to_pixels(images: Tensor, preprocessor: nn.Module) -> np.ndarray:
    """Images as a network gets them, in pixels again.

    The normalisation is undone. A network that takes BGR, as the preprocessor says, has its colours turned, so that a
    picture with wrong colours is one that the network gets with wrong colours.

    Args:
        images: Shape (N, channels, H, W), or one image (channels, H, W).
        preprocessor: What normalised them.

    Returns:
        RGB, uint8, shape (N, H, W, 3) or (H, W, 3).
    """
    mean, std = getattr(preprocessor, 'mean', None), getattr(preprocessor, 'std', None)
    values = images.detach().float().cpu()
    if mean is not None and std is not None:
        values = values * std.cpu() + mean.cpu()
    if getattr(preprocessor, 'channel_order', 'rgb') == 'bgr':
        values = values.flip(-3)
    values = values.round().clamp(0, 255).to(torch.uint8).movedim(-3, -1)
    return np.ascontiguousarray(values.expand(*values.shape[:-1], 3).numpy())
