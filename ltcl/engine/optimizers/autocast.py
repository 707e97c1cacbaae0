"""bfloat16 on CPUs and GPUs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from ltcl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Runs the forward pass under bfloat16 autocast, on whatever device the model is.

    bfloat16 has the range of float32, so there is no loss scaling. For float16 on CUDA use mmengine's
    ``AmpOptimWrapper``, which scales and, for that reason, refuses CPUs.

    Args:
        **kwargs: Arguments of mmengine's ``OptimWrapper``: ``optimizer``, ``accumulative_counts``, ``clip_grad``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and the base class's handling of gradient accumulation."""
        device_type = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device_type, dtype=torch.bfloat16):
            yield
