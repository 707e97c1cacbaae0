"""Tau-normalised classifier."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from mmpretrain.models import LinearClsHead
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import MODELS

EPSILON = 1e-12  # a class whose weights are all 0 keeps the logit 0


@MODELS.register_module()
class TauNormHead(LinearClsHead):
    """Linear classifier whose class weights are divided by a power of their length, without any training.

    From `Decoupling Representation and Classifier <https://arxiv.org/abs/1910.09217>`_: frequent classes have longer
    weights, ``w / |w| ** tau`` takes that advantage back. The tensors are those of ``LinearClsHead``, so a checkpoint
    trained with cross entropy is tested as it is. As published the bias is left out.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        tau: 0 leaves the weights alone, 1 makes all of length 1; the original tries 0 to 2 in steps of 0.1.
        **kwargs: Arguments of mmpretrain's ``LinearClsHead``.

    Raises:
        UserError: ``tau`` is negative.
    """

    def __init__(self, num_classes: int, in_channels: int, tau: float = 1.0, **kwargs: Any) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        if tau < 0:
            raise UserError(f'TauNormHead: tau={tau} must not be negative; 0 leaves the weights alone')
        self.tau = tau

    @property
    def frequency_power(self) -> float:
        """See :func:`ltcl.models.class_mix.frequency_power`; what the paper aims at, not a consequence of a loss."""
        return max(0.0, 1 - self.tau)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map features, the last of shape (N, C), to logits (N, num_classes)."""
        lengths = self.fc.weight.norm(dim=1, keepdim=True).clamp_min(EPSILON)
        return F.linear(self.pre_logits(feats), self.fc.weight / lengths**self.tau)
