"""How long the features of a trained encoder are."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from ltcl.datasets.cached_features import find_cached
from ltcl.engine.hooks.feature_bank_hook import encode, training_images
from ltcl.feature_cache import fill_features
from ltcl.inference.runs import SCOPE, build_model, read_run


@torch.no_grad()
def mean_square_length(cfg: Config, checkpoint: Path, most: int) -> float:
    """Mean squared length of the features of training images, prepared as those of validation.

    Args:
        cfg: The config of the training.
        checkpoint: The encoder as it was trained.
        most: Images to look at, drawn at random; in whole batches.
    """
    model = build_model(read_run(checkpoint))
    config = training_images(cfg.train_dataloader, cfg.val_dataloader)
    sampler = dict(type='DefaultSampler', shuffle=True, round_up=False)
    with DefaultScope.overwrite_default_scope(SCOPE):
        loader = Runner.build_dataloader({**config, 'sampler': sampler, 'drop_last': False}, seed=0)
    cached = find_cached(loader.dataset)
    if cached is not None:
        fill_features(model, cached)
    total, number = 0.0, 0
    for batch in loader:
        features, _ = encode(model, batch)
        total += features.double().square().sum().item()
        number += len(features)
        if number >= most:
            break
    return total / number
