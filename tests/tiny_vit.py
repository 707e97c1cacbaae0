"""GPaCo's vision transformer at a width that costs nothing."""

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import MODELS
from mmpretrain.models import ImageClassifier

CONFIGS = Path(__file__).parents[1] / 'configs'
WIDTH = 8


def classifier_cfg(num_layers: int = 2, width: int = WIDTH) -> dict:
    """The model of the ViT-B recipe with few narrow layers and little else changed."""
    cfg = Config.fromfile(CONFIGS / 'gpaco' / 'gpaco_vit-base_8xb32-100e_imagenet.py').model
    cfg.backbone.arch = dict(embed_dims=width, num_layers=num_layers, num_heads=2, feedforward_channels=2 * width)
    cfg.projector.in_channels = cfg.head.in_channels = width
    cfg.head.update(num_classes=10, queue_len=16)
    return cfg


def tiny_classifier(num_layers: int = 2) -> ImageClassifier:
    """The built model."""
    return MODELS.build(classifier_cfg(num_layers))
