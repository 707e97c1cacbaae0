"""ResNet-200, a depth that mmpretrain's ResNet does not know."""

from typing import Any

from mmpretrain.models import ResNet
from mmpretrain.models.backbones.resnet import Bottleneck

from ltcl.registry import MODELS


@MODELS.register_module()
class ResNet200(ResNet):
    """mmpretrain's ResNet with 3, 24, 36 and 3 bottleneck blocks, for PaCo on the whole ImageNet.

    The depth is that of `Identity Mappings in Deep Residual Networks <https://arxiv.org/abs/1603.05027>`_; the blocks
    are those of ResNet-50, with their activation after the sum, as in PaCo's code.

    Args:
        depth: 200, the only value.
        **kwargs: Arguments of mmpretrain's ``ResNet``.
    """

    arch_settings = {200: (Bottleneck, (3, 24, 36, 3))}

    def __init__(self, depth: int = 200, **kwargs: Any) -> None:
        super().__init__(depth, **kwargs)
