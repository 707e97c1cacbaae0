"""Training of a classifier on an encoder that stays as it is."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ltcl.registry import MODELS

from .classifier import Classifier


@MODELS.register_module()
class FrozenEncoderClassifier(Classifier):
    """Stage 2: only the head is trained, backbone and neck keep their weights.

    The second stage of `Decoupling <https://arxiv.org/abs/1910.09217>`_, `KCL
    <https://openreview.net/forum?id=OqtLIabPTit>`_ and `TSC <https://arxiv.org/abs/2111.13998>`_. The encoder comes
    from the config's ``load_from``; ``ltcl.StrictLoadHook(ignore=...)`` names what is not taken from that checkpoint.

    Args:
        backbone: Config of the backbone.
        train_bn: Train with the encoder's batch normalisation in train mode, as published: batches are normalised by
            their own statistics, and the running ones, which a test uses, are estimated anew on the sampler's batches.
            False leaves the encoder exactly as it was loaded.
        **kwargs: Arguments of :class:`Classifier`, such as ``neck`` and ``head``.

    Differs from the original: whatever else acts differently in training, such as dropout, is off in the encoder.
    """

    def __init__(self, backbone: dict, train_bn: bool = True, **kwargs: Any) -> None:
        super().__init__(backbone, **kwargs)
        self.train_bn = train_bn
        for part in self._encoder():
            part.requires_grad_(False)

    def _encoder(self) -> list[nn.Module]:
        return [self.backbone, self.neck] if self.with_neck else [self.backbone]

    def train(self, mode: bool = True) -> 'FrozenEncoderClassifier':
        """Switch the head to train or eval mode, and with it the encoder's batch normalisation if ``train_bn``."""
        super().train(mode)
        for part in self._encoder():
            part.eval()
            norms = [module for module in part.modules() if isinstance(module, _BatchNorm)]
            for norm in norms:
                norm.train(mode and self.train_bn)
        return self

    @torch.no_grad()
    def extract_feat(self, inputs: Tensor, stage: str = 'neck') -> Sequence[Tensor] | Tensor:
        """Features of images (N, C, H, W), without gradient; see mmpretrain's ``ImageClassifier``."""
        return super().extract_feat(inputs, stage)
