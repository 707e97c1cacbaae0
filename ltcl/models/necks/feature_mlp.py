"""The trained part between a frozen encoder and its head."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges


@MODELS.register_module()
class FeatureMLP(BaseModule):
    """One hidden layer on pooled features, with dropout.

    Two passes of the same feature differ by the dropout, which makes them the views of a contrastive method.

    Args:
        in_channels: Width C of the features.
        hidden: Width H of the layer.
        dropout: Share of the hidden units that a training step leaves out, in 0..1.
        input_dropout: The same of the features.
        pooling: Config of what makes one row of a feature map first, such as ``GlobalAveragePooling``.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        UserError: A number is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int = 512,
        dropout: float = 0.5,
        input_dropout: float = 0.0,
        pooling: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        check_ranges('FeatureMLP', dict(hidden=hidden, dropout=dropout, input_dropout=input_dropout))
        self.pooling = None if pooling is None else MODELS.build(pooling)
        self.layers = nn.Sequential(
            nn.Dropout(input_dropout), nn.Linear(in_channels, hidden), nn.ReLU(), nn.Dropout(dropout)
        )

    def forward(self, feats: Sequence[Tensor] | Tensor) -> tuple[Tensor]:
        """Map features, the last of shape (N, C) or a map that is pooled, to hidden ones (N, H) in a tuple."""
        row = feats if isinstance(feats, Tensor) else feats[-1]
        return (self.layers(row if self.pooling is None else self.pooling(row)),)
