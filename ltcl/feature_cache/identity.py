"""What features depend on beside the images: encoder and preparation."""

import json
import re
from typing import Any

import cv2
import PIL
import torch
from torch import nn

from ltcl.datasets import CachedFeatures
from ltcl.models.backbones import FrozenBackbone

from .store import digest

# Another version may decode and resize to other pixels.
DECODERS = (cv2.__version__, PIL.__version__)
# Counts up when the same encoder and image give other features.
FORMAT = 1


def digest_of_encoder(backbone: FrozenBackbone, preprocessor: nn.Module) -> bytes:
    """Stands for weights, architecture and normalisation.

    Args:
        backbone: The frozen backbone.
        preprocessor: Data preprocessor of the model.
    """
    options = {name: getattr(preprocessor, name, None) for name in ('to_rgb', 'pad_size_divisor', 'pad_value')}
    options |= {name: value.tolist() for name, value in preprocessor.named_buffers()}
    # What mmengine prints of the start of the weights depends on how a config tells it, and is gone in a resumed run.
    architecture = re.sub(r'\s*\binit_cfg=.*', '', str(backbone))
    text = json.dumps([FORMAT, architecture, backbone.config, options], sort_keys=True, default=str)
    tensors = (part for name, value in sorted(backbone.state_dict().items()) for part in _parts(name, value))
    return digest(text.encode(), *tensors)


def _parts(name: str, value: torch.Tensor) -> tuple[bytes, bytes]:
    plain = value.detach().cpu().contiguous()
    return f'{name} {plain.dtype} {tuple(plain.shape)}'.encode(), digest(
        plain.view(-1).view(torch.uint8).numpy().tobytes()
    )


def digest_of_view(dataset: CachedFeatures, view: str) -> bytes:
    """Stands for the steps that make a view of an image, and for what reads and resizes it.

    Args:
        dataset: The data set.
        view: One of its ``kept`` views.
    """
    is_random = view.startswith('crop')
    steps = [view, dataset.seed, pipelines_in(dataset.config)] if is_random else [view, dataset.steps]
    return digest(json.dumps([*steps, DECODERS], sort_keys=True, default=str).encode())


def pipelines_in(node: Any) -> list:
    """Pipelines in the config of a data set."""
    if isinstance(node, dict):
        own = [node['pipeline']] if node.get('pipeline') else []
        return own + [each for value in node.values() if isinstance(value, dict | list) for each in pipelines_in(value)]
    return [each for value in node for each in pipelines_in(value)] if isinstance(node, list) else []
