"""Low-rank updates of linear layers."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .places import linear_layers


class LowRank(nn.Module):
    """The update of one linear layer, ``alpha / rank * up(down(x))``; zero at the start.

    Args:
        in_features: Width of the layer's input.
        out_features: Width of its output.
        rank: Width between ``down`` and ``up``.
        scale: Factor on the update.
        dropout: Share of the input that is dropped in training.
    """

    def __init__(self, in_features: int, out_features: int, rank: int, scale: float, dropout: float) -> None:
        super().__init__()
        self.scale = scale
        self.dropout = nn.Dropout(dropout)
        self.down = nn.Linear(in_features, rank, bias=False)
        self.up = nn.Linear(rank, out_features, bias=False)
        nn.init.kaiming_uniform_(self.down.weight, a=math.sqrt(5))
        nn.init.zeros_(self.up.weight)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map the layer's input (..., in_features) to what is added to its output (..., out_features)."""
        return self.scale * self.up(self.down(self.dropout(inputs)))


@MODELS.register_module()
class LoRA:
    """`LoRA <https://arxiv.org/abs/2106.09685>`_: linear layers of the attention learn updates of low rank.

    mmpretrain's ``LoRAModel`` saves the updates alone, so that its checkpoint needs the pretrained file beside it; it
    also renames the layers, and loads weights while it is built.

    Args:
        rank: Rank of the updates.
        alpha: The updates are multiplied by ``alpha / rank``.
        layers: Of ``'qkv'``, ``'proj'`` and ``'mlp'``, those of all blocks that are updated.
        dropout: Share of an update's input that is dropped in training.

    Raises:
        UserError: A number outside its range.
    """

    def __init__(
        self, rank: int = 8, alpha: float = 16, layers: Sequence[str] = ('qkv', 'proj'), dropout: float = 0.0
    ) -> None:
        check_ranges('ltcl.LoRA', dict(rank=rank, alpha=alpha, dropout=dropout))
        self.rank = rank
        self.scale = alpha / rank
        self.layers = tuple(layers)
        self.dropout = dropout

    def places(self, encoder: nn.Module) -> dict[str, nn.Module]:
        """The layers that are updated, by name."""
        return linear_layers(encoder, self.layers)

    def made_for(self, place: nn.Linear) -> nn.Module:
        """The update of a layer."""
        return LowRank(place.in_features, place.out_features, self.rank, self.scale, self.dropout)
