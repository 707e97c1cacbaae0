"""The way back from ``--tune frozen``: a head that was trained on cached features goes on with its encoder."""

from typing import Any

from mmengine.config import Config

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def is_frozen(cfg: Config) -> bool:
    """Whether the encoder of a config stays as it is, so that its features are computed once."""
    return cfg.model.backbone.type == 'ltcl.FrozenBackbone'


def thaw(cfg: Config) -> None:
    """Turn a config that :func:`.frozen.freeze` has made into one whose encoder sees the images.

    The head, and a hidden layer before it, stay; the pooling of the encoder comes before that layer again.

    Args:
        cfg: The config, changed in place.
    """
    model = cfg.model
    pooling, hidden = model.backbone.get('pooling'), model.get('neck')
    model.backbone = model.backbone.encoder
    model.neck = dict(hidden, pooling=pooling) if hidden else pooling
    cfg.default_hooks.pop('feature_cache', None)
    for name in LOADERS:
        if cfg.get(name):
            _take_images(cfg[name])
    if cfg.get('val_dataloader') and cfg.get('test_dataloader'):
        cfg.val_dataloader.batch_size = cfg.test_dataloader.batch_size


def _take_images(loader: Any) -> None:
    features = loader.dataset
    loader.dataset = features.dataset
    loader.num_workers = features.get('num_workers', 0)
    loader.persistent_workers = loader.num_workers > 0
