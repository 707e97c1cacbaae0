"""A narrow MLP beside the MLP of each block."""

import torch
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .places import MLP, find_places


class NarrowMLP(nn.Module):
    """What is added to the output of a block's MLP, ``scale * up(relu(down(x)))``; zero at the start.

    Args:
        channels: Width of the block.
        width: Width between ``down`` and ``up``.
        scale: Factor at the start; it is learned.
    """

    def __init__(self, channels: int, width: int, scale: float) -> None:
        super().__init__()
        self.down = nn.Linear(channels, width)
        self.up = nn.Linear(width, channels)
        self.scale = nn.Parameter(torch.tensor(scale))
        nn.init.kaiming_normal_(self.down.weight)
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map the MLP's input (..., channels) to what is added to its output, of the same shape."""
        return self.scale * self.up(self.down(inputs).relu())


@MODELS.register_module()
class Bottleneck:
    """`AdaptFormer <https://arxiv.org/abs/2205.13535>`_ as `LIFT <https://arxiv.org/abs/2309.10019>`_ uses it: beside
    the MLP of every block stands a narrow one that is trained.

    Args:
        width: Width of the narrow MLP. LIFT takes the power of two at or below ``num_classes / (2 * blocks)``, so that
            all adapters together have fewer parameters than the classifier: 32 on ImageNet-LT with 12 blocks.
        scale: Factor on its output at the start; it is learned.

    Raises:
        UserError: A number outside its range.

    Differs from the original: its input is that of the block's MLP, behind the block's own pretrained norm; LIFT trains
    another norm there.
    """

    def __init__(self, width: int = 32, scale: float = 0.1) -> None:
        check_ranges('ltcl.Bottleneck', dict(width=width, scale=scale))
        self.width = width
        self.scale = scale

    def places(self, encoder: nn.Module) -> dict[str, nn.Module]:
        """The MLPs of all blocks, by name.

        Raises:
            UserError: The network has none.
        """
        found = find_places(encoder, [MLP])
        if not found:
            raise UserError('ltcl.Bottleneck: the blocks of the network have no MLP: take ltcl.LoRA')
        return found

    def made_for(self, place: nn.Module) -> nn.Module:
        """The narrow MLP beside a block's MLP."""
        first = next(module for module in place.modules() if isinstance(module, nn.Linear))
        return NarrowMLP(first.in_features, self.width, self.scale)
