"""Exported models as ``.pt2``, the format of ``torch.export``."""

import io
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from .graph import WithDefaultPrior, trace


def to_torch(graph: nn.Module, log_prior: Tensor, facts: Mapping[str, str]) -> bytes:
    """The content of a ``.pt2`` file.

    Args:
        graph: The model.
        log_prior: The buffer of that name, shape (num_classes,).
        facts: Further files in it.
    """
    file = io.BytesIO()
    torch.export.save(trace(WithDefaultPrior(graph, log_prior)), file, extra_files=dict(facts))
    return file.getvalue()


def run_torch(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """A function from images (N, H, W, 3), uint8, to probabilities (N, num_classes, ...), by the loaded file."""
    module = torch.export.load(io.BytesIO(content)).module()

    @torch.no_grad()
    def run(images: np.ndarray) -> np.ndarray:
        found = module(torch.from_numpy(images))
        return (found if isinstance(found, Tensor) else found[0]).numpy()

    return run
