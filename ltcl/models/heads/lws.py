"""Learnable weight scaling."""

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from ltcl.registry import MODELS


@MODELS.register_module()
class LWSHead(LinearClsHead):
    """Linear classifier of stage 1 with one learnable scale per class.

    From `Decoupling Representation and Classifier <https://arxiv.org/abs/1910.09217>`_: the directions of the class
    weights are kept, their lengths are learned anew on class-balanced batches.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        train_classifier: Train the classifier as well, as in `MiSLAS <https://arxiv.org/abs/2104.00466>`_; False
            freezes it.
        **kwargs: Arguments of mmpretrain's ``LinearClsHead``, such as ``loss``.

    Differs from the original: the bias, which the paper leaves out of its formula, is part of the scaled logit.
    """

    def __init__(self, num_classes: int, in_channels: int, train_classifier: bool = False, **kwargs: Any) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        self.fc.requires_grad_(train_classifier)
        self.scales = nn.Parameter(torch.ones(num_classes))

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map features, the last of shape (N, C), to scaled logits (N, num_classes)."""
        return self.scales * super().forward(feats)
