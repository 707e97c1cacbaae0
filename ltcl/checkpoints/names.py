"""Names of the tensors of an encoder, in the originals and in mmpretrain."""

import re
from collections.abc import Mapping

_NORM = ('weight', 'bias', 'running_mean', 'running_var')
_ANY_NORM = rf'({"|".join(_NORM)}|num_batches_tracked)'
_RESNET = re.compile(
    rf'conv1\.weight|bn1\.{_ANY_NORM}|'
    rf'layer\d+\.\d+\.(conv\d\.weight|bn\d\.{_ANY_NORM}|(shortcut|downsample)\.(0\.weight|1\.{_ANY_NORM}))'
)
# ViT, theirs (timm) to ours: outside the blocks, and within one.
_VIT_TOP = {'patch_embed.proj': 'patch_embed.projection'}
_VIT_BLOCK = {
    'norm1': 'ln1',
    'norm2': 'ln2',
    'attn.qkv': 'attn.qkv',
    'attn.proj': 'attn.proj',
    'mlp.fc1': 'ffn.layers.0.0',
    'mlp.fc2': 'ffn.layers.1',
}
STEM = {
    'resnet': ('conv1.weight', *(f'bn1.{name}' for name in _NORM), 'layer1.0.conv1.weight'),
    'vit': (
        'cls_token',
        'pos_embed',
        'patch_embed.proj.weight',
        'patch_embed.proj.bias',
        *(f'blocks.0.{layer}.{name}' for layer in _VIT_BLOCK for name in ('weight', 'bias')),
    ),
}
"""What an original's encoder cannot do without."""


def encoder_to_ours(encoder: str, name: str) -> str | None:
    """mmpretrain's name of a tensor of an original's encoder (``'resnet'`` or ``'vit'``); None where it is none."""
    if encoder == 'vit':
        return _vit_name(name, 'blocks', 'layers', _VIT_TOP, _VIT_BLOCK)
    return name.replace('.shortcut.', '.downsample.') if _RESNET.fullmatch(name) else None


def encoder_to_theirs(encoder: str, name: str, is_cifar: bool) -> str | None:
    """The original's name of a tensor of mmpretrain's encoder; None where it is none.

    Args:
        encoder: ``'resnet'`` or ``'vit'``.
        name: Name in mmpretrain.
        is_cifar: The first convolution is 3x3. The originals call the projections of such a network otherwise.
    """
    if encoder == 'vit':
        return _vit_name(name, 'layers', 'blocks', *({ours: theirs for theirs, ours in table.items()}
                                                     for table in (_VIT_TOP, _VIT_BLOCK)))  # fmt: skip
    if not _RESNET.fullmatch(name):
        return None
    return name.replace('.downsample.', '.shortcut.') if is_cifar else name


def _vit_name(name: str, blocks: str, new_blocks: str, top: Mapping[str, str], block: Mapping[str, str]) -> str | None:
    layer, _, kind = name.rpartition('.')
    if name in ('cls_token', 'pos_embed'):
        return name
    if kind not in ('weight', 'bias'):
        return None
    if match := re.fullmatch(rf'{blocks}\.(\d+)\.(.+)', layer):
        return f'{new_blocks}.{match[1]}.{block[match[2]]}.{kind}' if match[2] in block else None
    return f'{top[layer]}.{kind}' if layer in top else None


def missing_in_blocks(names: set[str]) -> set[str]:
    """Names that an encoder lacks, going by its other blocks and by the other tensors of its norms.

    Args:
        names: All names of a file, as its authors call them.
    """
    missing, blocks_of = set(), {}
    for name in names:
        if match := re.fullmatch(r'(.*?(?:layer\d+|blocks)\.)(\d+)\.(.+)', name):
            blocks_of.setdefault(match[1], {}).setdefault(int(match[2]), set()).add(match[3])
        if match := re.fullmatch(rf'(.*(?:bn\d|shortcut\.1|downsample\.1)\.){_ANY_NORM}', name):
            missing |= {match[1] + part for part in _NORM}
    for root, blocks in blocks_of.items():
        # Only the first block of a stage has a projection.
        parts = {part for parts in blocks.values() for part in parts if not part.startswith(('shortcut', 'downsample'))}
        missing |= {f'{root}{number}.{part}' for number in range(max(blocks) + 1) for part in parts}
    return {name for name in missing - names if not name.endswith('num_batches_tracked')}
