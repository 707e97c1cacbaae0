"""A backbone that stays as it is, for heads that are trained on its features."""

from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from ltcl.registry import MODELS

from ..algorithms.widths import Encoder


@MODELS.register_module()
class FrozenBackbone(BaseModule):
    """An encoder in eval mode and without gradient, which also takes its own features.

    The model stays a classifier of images, so that it predicts, tests and exports as any other. In training
    ``ltcl.CachedFeatures`` brings features in the place of images, and they pass through.

    Args:
        encoder: Config of the backbone, with the weights that it starts from.
        pooling: Config of what makes one row of its output, such as ``GlobalAveragePooling``; None for a backbone that
            pools itself.
        init_cfg: As in mmengine.

    Raises:
        UserError: The pooling does not go with the backbone.
    """

    is_frozen = True

    def __init__(
        self, encoder: dict | nn.Module, pooling: dict | nn.Module | None = None, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        parts = Encoder(encoder, pooling)
        self.encoder: nn.Module = parts.backbone
        self.pooling = parts.neck
        self.shape = parts.shape
        # What the weights do not tell of the features.
        self.config = {} if isinstance(encoder, nn.Module) else {**encoder, 'init_cfg': None}
        self.requires_grad_(False)
        self.train()

    @property
    def img_size(self) -> Any:
        """Side of the images that the encoder takes, where it takes one only."""
        return getattr(self.encoder, 'img_size', 224)

    def train(self, mode: bool = True) -> 'FrozenBackbone':
        """Stay in eval mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, inputs: Tensor) -> tuple[Tensor]:
        """Features (N, C) in a tuple.

        Args:
            inputs: Images (N, channels, H, W), or features (N, C), which are the answer already.
        """
        if inputs.ndim == 2:
            return (inputs,)
        outputs = self.encoder(inputs)
        outputs = outputs if self.pooling is None else self.pooling(outputs)
        return (outputs[-1] if isinstance(outputs, list | tuple) else outputs,)
