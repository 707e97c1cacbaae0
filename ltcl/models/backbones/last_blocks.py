"""A pretrained backbone whose last blocks are trained."""

from torch import nn

from ltcl.errors import UserError
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .blocks import block_numbers
from .tuned_backbone import TunedBackbone


@MODELS.register_module()
class LastBlocks(TunedBackbone):
    """Trains the last blocks of a backbone and what follows them; the blocks before keep their weights.

    Args:
        encoder: Config of the backbone, with the ``init_cfg`` of its weights.
        blocks: How many are trained: layers of a vision transformer, residual blocks of a convolutional network.

    Raises:
        UserError: The backbone has no blocks, or fewer.
    """

    def __init__(self, encoder: dict | nn.Module, blocks: int) -> None:
        check_ranges('ltcl.LastBlocks', dict(blocks=blocks))
        super().__init__(encoder)
        self.blocks = blocks
        numbers = block_numbers(self.encoder)
        total, name = max(numbers.values(), default=0), self.encoder_name
        if not total:
            raise UserError(f'last {blocks}: {name} has no blocks that ltcl can tell: tune it in full')
        if blocks > total:
            raise UserError(f'last {blocks}: {name} has {total} blocks: name at most {total}, or tune it in full')
        for each, parameter in self.encoder.named_parameters():
            if numbers[each] <= total - blocks:
                parameter.requires_grad_(False)
        self.keep_frozen()
