"""What features depend on: encoder, preparation and content of the images."""

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ltcl.datasets import CachedFeatures
from ltcl.launch.progress import PROGRESS
from ltcl.models.backbones import FrozenBackbone

from .store import digest

# Counts up when the same encoder and image give other features.
FORMAT = 1
THREADS = 8


def digest_of_encoder(backbone: FrozenBackbone, preprocessor: nn.Module) -> bytes:
    """Stands for weights, architecture and normalisation.

    Args:
        backbone: The frozen backbone.
        preprocessor: Data preprocessor of the model.
    """
    options = {name: getattr(preprocessor, name, None) for name in ('to_rgb', 'pad_size_divisor', 'pad_value')}
    options |= {name: value.tolist() for name, value in preprocessor.named_buffers()}
    # What mmengine prints of the start of the weights depends on the order in which a config tells it.
    architecture = re.sub(r'\binit_cfg=.*', '', str(backbone))
    text = json.dumps([FORMAT, architecture, backbone.config, options], sort_keys=True, default=str)
    tensors = (part for name, value in sorted(backbone.state_dict().items()) for part in _parts(name, value))
    return digest(text.encode(), *tensors)


def _parts(name: str, value: torch.Tensor) -> tuple[bytes, bytes]:
    plain = value.detach().cpu().contiguous()
    return f'{name} {plain.dtype} {tuple(plain.shape)}'.encode(), digest(plain.view(-1).view(torch.uint8).numpy().data)


def digest_of_view(dataset: CachedFeatures, view: str) -> bytes:
    """Stands for the steps that make a view of an image.

    Args:
        dataset: The data set.
        view: One of its ``kept`` views.
    """
    is_random = view.startswith('crop')
    steps = [view, dataset.seed, pipelines_in(dataset.config)] if is_random else [view, dataset.steps]
    return digest(json.dumps(steps, sort_keys=True, default=str).encode())


def pipelines_in(node: Any) -> list:
    """Pipelines in the config of a data set."""
    if isinstance(node, dict):
        own = [node['pipeline']] if node.get('pipeline') else []
        return own + [each for value in node.values() if isinstance(value, dict | list) for each in pipelines_in(value)]
    return [each for value in node for each in pipelines_in(value)] if isinstance(node, list) else []


def digests_of_images(dataset: CachedFeatures, positions: Sequence[int]) -> list[bytes | None]:
    """Stands for the content of each image, its file or its pixels.

    Args:
        dataset: The data set.
        positions: Of the images.

    Returns:
        None of a file that cannot be read.
    """

    def content(position: int) -> bytes | None:
        PROGRESS.step()
        info = dataset.get_data_info(position)
        if info.get('img') is not None:
            pixels = np.ascontiguousarray(info['img'])
            return digest(f'{pixels.dtype} {pixels.shape}'.encode(), pixels.tobytes())
        try:
            return digest(Path(info['img_path']).read_bytes())
        except OSError:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(content, positions))
