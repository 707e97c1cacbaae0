"""The blocks of a network, told from its modules."""

import re
from collections.abc import Iterator

from torch import nn

# Registered behind the blocks of some networks of mmpretrain, and used before them.
EARLY = ('pre_norm',)


def block_numbers(backbone: nn.Module) -> dict[str, int]:
    """In which block each parameter is.

    Args:
        backbone: Any backbone. One of timm tells its blocks itself (``layer_numbers``); of another they are what its
            numbered stages hold: residual blocks, transformer layers.

    Returns:
        By name of the parameter: 0 before the first block, then the blocks from 1 on. What follows the last block, such
        as the final norm, counts with it.
    """
    own = getattr(backbone, 'layer_numbers', None)
    numbers = numbers_by_modules(backbone) if own is None else dict(own)
    last = max(numbers.values(), default=0)
    names = [name for name, number in numbers.items() if number == last]
    if last > 1 and not any(re.search(r'\d', name) for name in names):
        numbers.update(dict.fromkeys(names, last - 1))  # a norm behind all blocks
    return numbers


def numbers_by_modules(backbone: nn.Module) -> dict[str, int]:
    """In which block each parameter is, 0 before the first, by what the numbered stages of a backbone hold."""
    blocks = [f'{name}.' for name in _block_names(backbone)]
    numbers: dict[str, int] = {}
    number = 0
    for name, _ in backbone.named_parameters():
        inside = next((position for position, block in enumerate(blocks, 1) if name.startswith(block)), None)
        number = number if inside is None else inside
        numbers[name] = 0 if name.startswith(EARLY) else number
    return numbers


def _block_names(module: nn.Module, prefix: str = '', is_numbered: bool = False) -> Iterator[str]:
    """Names of the outermost composite modules in lists, and in lists of the stages that have ``blocks``."""
    for name, child in module.named_children():
        inner = f'{prefix}{name}'
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from _block_names(child, f'{inner}.', is_numbered=True)
        elif is_numbered and isinstance(getattr(child, 'blocks', None), nn.Sequential | nn.ModuleList):
            yield from _block_names(child, f'{inner}.')
        elif is_numbered and any(True for _ in child.children()) and any(True for _ in child.parameters()):
            yield inner
