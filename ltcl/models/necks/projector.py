"""Projector: the MLP between pooled features and embeddings."""

from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor, nn

from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges


@MODELS.register_module()
class Projector(BaseModule):
    """MLP with an optional norm after each hidden layer.

    PaCo: two layers with ``norm_cfg=dict(type='BN1d')``. GPaCo: three layers without norm, with GELU on a ViT.

    Args:
        in_channels: Width C of the pooled features.
        out_channels: Width D of the embeddings.
        num_layers: Number of linear layers, at least 1.
        hidden_channels: Width between the layers; None means ``in_channels``.
        norm_cfg: Norm after each hidden layer; None has none.
        act: ``'ReLU'`` or ``'GELU'``, any activation of ``torch.nn`` without arguments.
        kaiming_last: Draw the last layer's weight from He's normal distribution (fan-in, gain sqrt 2), as the CIFAR
            ResNet-32 recipe does, where that layer is the network's own; its bias and the other layers stay PyTorch's.
        init_cfg: Initialisation; None keeps PyTorch's, as published.

    Raises:
        UserError: A number below 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 128,
        num_layers: int = 2,
        hidden_channels: int | None = None,
        norm_cfg: dict | None = None,
        act: str = 'ReLU',
        kaiming_last: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        check_ranges('Projector', dict(out_channels=out_channels, num_layers=num_layers))
        hidden_channels = hidden_channels or in_channels
        widths = [in_channels] + [hidden_channels] * (num_layers - 1)
        layers: list[nn.Module] = []
        for width in widths[:-1]:
            layers.append(nn.Linear(width, hidden_channels))
            if norm_cfg is not None:
                layers.append(build_norm_layer(norm_cfg, hidden_channels))
            layers.append(getattr(nn, act)())
        last = nn.Linear(widths[-1], out_channels)
        self.layers = nn.Sequential(*layers, last)
        if kaiming_last:
            nn.init.kaiming_normal_(last.weight)

    def forward(self, feats: Tensor) -> Tensor:
        """Map pooled features (N, C) to embeddings (N, D), not yet normalised."""
        return self.layers(feats)
