"""Cosine classifier: as a layer and as a classification head."""

from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges


class CosineLinear(nn.Linear):
    """Scaled cosine between features and class weights; a weight's length does not matter.

    Args:
        in_features: Width of the features.
        num_classes: Number of classes.
        scale: Multiplies the cosine; 30 in BCL.
    """

    def __init__(self, in_features: int, num_classes: int, scale: float = 30.0) -> None:
        self.scale = scale
        super().__init__(in_features, num_classes, bias=False)

    def reset_parameters(self) -> None:
        """Uniform in -1..1, then unit length per class."""
        with torch.no_grad():
            self.weight.copy_(F.normalize(self.weight.uniform_(-1, 1), dim=1))

    def forward(self, feats: Tensor) -> Tensor:
        """Map features (N, in_features) to logits (N, num_classes) in -scale..scale."""
        return self.scale * F.linear(F.normalize(feats, dim=1), F.normalize(self.weight, dim=1))


def build_classifier(in_channels: int, num_classes: int, cosine_scale: float | None) -> nn.Linear:
    """A linear classifier with bias, or a cosine one when a scale is given."""
    if cosine_scale is None:
        return nn.Linear(in_channels, num_classes)
    check_ranges('the cosine classifier', dict(cosine_scale=cosine_scale))
    return CosineLinear(in_channels, num_classes, cosine_scale)


@MODELS.register_module()
class CosineClsHead(LinearClsHead):
    """Classification head of mmpretrain with a cosine classifier.

    Args:
        num_classes: Number of classes.
        in_channels: Width of the pooled features.
        scale: Multiplies the cosine.
        **kwargs: Arguments of mmpretrain's ``ClsHead``, such as ``loss``.

    Raises:
        UserError: The loss counts in cosines of another scale.
    """

    def __init__(self, num_classes: int, in_channels: int, scale: float = 30.0, **kwargs: Any) -> None:
        super().__init__(num_classes, in_channels, init_cfg=None, **kwargs)
        self.fc = build_classifier(in_channels, num_classes, scale)
        of_loss = getattr(self.loss_module, 'scale', scale)
        if of_loss != scale:
            raise UserError(
                f'{type(self).__name__}: scale={scale:g}, and its loss has margins for scale={of_loss:g}: set '
                'head.scale and head.loss.scale to the same number'
            )
