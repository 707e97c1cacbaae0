"""Names of the tensors of a network, in the originals and in OpenMMLab's packages."""

import re

from .renaming import Renaming

_NORM = ('weight', 'bias', 'running_mean', 'running_var')
_ANY_NORM = rf'({"|".join(_NORM)}|num_batches_tracked)'
_RESNET = re.compile(
    rf'conv1\.weight|bn1\.{_ANY_NORM}|'
    rf'layer\d+\.\d+\.(conv\d\.weight|bn\d\.{_ANY_NORM}|(shortcut|downsample)\.(0\.weight|1\.{_ANY_NORM}))'
)
# The parts of mmseg's decode heads that are no addition of a method.
_DECODER = re.compile(
    r'(psp_modules|bottleneck|lateral_convs|fpn_convs|fpn_bottleneck|image_pool|aspp_modules|c1_bottleneck|'
    r'sep_bottleneck|convs|conv_cat|conv_seg)\..+'
)
_VIT_BLOCK = {
    'norm1': 'ln1',
    'norm2': 'ln2',
    'attn.qkv': 'attn.qkv',
    'attn.proj': 'attn.proj',
    'mlp.fc1': 'ffn.layers.0.0',
    'mlp.fc2': 'ffn.layers.1',
}
# A block of Swin: the authors' name, torchvision's, mmseg's.
_SWIN_BLOCK = (
    ('norm1.*', 'norm1.*', 'norm1.*'),
    ('norm2.*', 'norm2.*', 'norm2.*'),
    ('attn.qkv.*', 'attn.qkv.*', 'attn.w_msa.qkv.*'),
    ('attn.proj.*', 'attn.proj.*', 'attn.w_msa.proj.*'),
    ('attn.relative_position_bias_table',) * 2 + ('attn.w_msa.relative_position_bias_table',),
    ('attn.relative_position_index',) * 2 + ('attn.w_msa.relative_position_index',),
    ('mlp.fc1.*', 'mlp.0.*', 'ffn.layers.0.0.*'),
    ('mlp.fc2.*', 'mlp.3.*', 'ffn.layers.1.*'),
)
_VIT_TABLE = {
    'cls_token': 'cls_token',
    'pos_embed': 'pos_embed',
    'patch_embed.proj.*': 'patch_embed.projection.*',
    **{f'blocks.#.{theirs}.*': f'layers.#.{ours}.*' for theirs, ours in _VIT_BLOCK.items()},
}
# timm's, DeiT's and DINOv2's: a norm before the pooling, factors of the branches, gated layers.
_TIMM_VIT_TABLE = _VIT_TABLE | {
    'norm.*': 'ln1.*',
    'norm_pre.*': 'pre_norm.*',
    'blocks.#.ls1.gamma': 'layers.#.attn.gamma1.weight',
    'blocks.#.ls2.gamma': 'layers.#.ffn.gamma2.weight',
    'blocks.#.mlp.w12.*': 'layers.#.ffn.w12.*',
    'blocks.#.mlp.w3.*': 'layers.#.ffn.w3.*',
}
# OpenAI's image encoder, without the prefix visual.
_CLIP_BLOCK = {
    'ln_1.*': 'ln1.*',
    'ln_2.*': 'ln2.*',
    'attn.in_proj_weight': 'attn.qkv.weight',
    'attn.in_proj_bias': 'attn.qkv.bias',
    'attn.out_proj.*': 'attn.proj.*',
    'mlp.c_fc.*': 'ffn.layers.0.0.*',
    'mlp.c_proj.*': 'ffn.layers.1.*',
}
_CLIP_TABLE = {
    'class_embedding': 'cls_token',
    'positional_embedding': 'pos_embed',
    'conv1.weight': 'patch_embed.projection.weight',
    'ln_pre.*': 'pre_norm.*',
    'ln_post.*': 'ln1.*',
    **{f'transformer.resblocks.#.{theirs}': f'layers.#.{ours}' for theirs, ours in _CLIP_BLOCK.items()},
}
_SWIN = Renaming(
    {
        'patch_embed.proj.*': 'patch_embed.projection.*',
        'patch_embed.norm.*': 'patch_embed.norm.*',
        **{f'layers.#.blocks.#.{theirs}': f'stages.#.blocks.#.{ours}' for theirs, _, ours in _SWIN_BLOCK},
        'layers.#.downsample.norm.*': 'stages.#.downsample.norm.*',
        'layers.#.downsample.reduction.weight': 'stages.#.downsample.reduction.weight',
    }
)
_TORCHVISION_SWIN_TABLE = {'features.0.0.*': 'patch_embed.projection.*', 'features.0.2.*': 'patch_embed.norm.*'}
for _stage in range(4):
    _TORCHVISION_SWIN_TABLE |= {
        f'features.{2 * _stage + 1}.#.{theirs}': f'stages.{_stage}.blocks.#.{ours}' for _, theirs, ours in _SWIN_BLOCK
    }
for _stage in range(3):
    _TORCHVISION_SWIN_TABLE |= {
        f'features.{2 * _stage + 2}.{name}': f'stages.{_stage}.downsample.{name}'
        for name in ('norm.*', 'reduction.weight')
    }
_RENAMINGS = {
    'vit': Renaming(_VIT_TABLE),
    'timm_vit': Renaming(_TIMM_VIT_TABLE),
    'clip': Renaming(_CLIP_TABLE),
    'swin': _SWIN,
    'torchvision_swin': Renaming(_TORCHVISION_SWIN_TABLE),
}
TRANSLATED = tuple(_RENAMINGS)
"""Encoders whose tensors have other names in OpenMMLab's packages."""


def _filled(names: list[str]) -> tuple[str, ...]:
    return tuple(name.replace('*', kind) for name in names for kind in ('weight', 'bias')[: 1 + ('*' in name)])


STEM = {
    'resnet': ('conv1.weight', *(f'bn1.{name}' for name in _NORM), 'layer1.0.conv1.weight'),
    'vit': _filled(['cls_token', 'pos_embed', 'patch_embed.proj.*', *(f'blocks.0.{name}.*' for name in _VIT_BLOCK)]),
    'swin': _filled(['patch_embed.proj.*', *(f'layers.0.blocks.0.{name}' for name, _, _ in _SWIN_BLOCK)]),
    'torchvision_swin': _filled(['features.0.0.*', *(f'features.1.0.{name}' for _, name, _ in _SWIN_BLOCK)]),
    'decoder': _filled(['conv_seg.*']),
    'openmmlab': (),
}
"""What a network of an original cannot do without."""


def encoder_to_ours(encoder: str, name: str) -> str | None:
    """OpenMMLab's name of a tensor of an original's network (a key of ``STEM``); None where it is none."""
    if encoder in _RENAMINGS:
        return _RENAMINGS[encoder].to_ours(name)
    if encoder == 'resnet':
        return name.replace('.shortcut.', '.downsample.') if _RESNET.fullmatch(name) else None
    return _kept_name(encoder, name)


def encoder_to_theirs(encoder: str, name: str, is_cifar: bool) -> str | None:
    """The original's name of a tensor of OpenMMLab's network; None where it is none.

    Args:
        encoder: Key of ``STEM``.
        name: Name in OpenMMLab's package.
        is_cifar: The first convolution is 3x3. The originals call the projections of such a network otherwise.
    """
    if encoder in _RENAMINGS:
        return _RENAMINGS[encoder].to_theirs(name)
    if encoder == 'resnet':
        if not _RESNET.fullmatch(name):
            return None
        return name.replace('.downsample.', '.shortcut.') if is_cifar else name
    return _kept_name(encoder, name)


def _kept_name(encoder: str, name: str) -> str | None:
    return None if encoder == 'decoder' and not _DECODER.fullmatch(name) else name


def encoder_form(encoder: str | None, ours: str) -> str:
    """How the values of a tensor are laid out in an original's network, see :mod:`.forms`.

    Args:
        encoder: Key of ``STEM``, or None.
        ours: Name in OpenMMLab's package.
    """
    if encoder in ('swin', 'torchvision_swin') and '.downsample.' in ours:
        return 'merged_patches'
    if encoder == 'torchvision_swin' and ours.endswith('relative_position_index'):
        return 'square'
    return 'same'


def missing_in_blocks(names: set[str]) -> set[str]:
    """Names that an encoder lacks, going by its other blocks and by the other tensors of its norms.

    Args:
        names: All names of a file, as its authors call them.
    """
    missing: set[str] = set()
    blocks_of: dict[str, dict[int, set[str]]] = {}
    for name in names:
        if match := re.fullmatch(r'(.*?(?:layer\d+|blocks|features\.[1357])\.)(\d+)\.(.+)', name):
            blocks_of.setdefault(match[1], {}).setdefault(int(match[2]), set()).add(match[3])
        if match := re.fullmatch(rf'(.*(?:bn\d|shortcut\.1|downsample\.1)\.){_ANY_NORM}', name):
            missing |= {match[1] + part for part in _NORM}
    for root, blocks in blocks_of.items():
        # Only the first block of a stage has a projection.
        parts = {part for parts in blocks.values() for part in parts if not part.startswith(('shortcut', 'downsample'))}
        missing |= {f'{root}{number}.{part}' for number in range(max(blocks) + 1) for part in parts}
    return {name for name in missing - names if not name.endswith('num_batches_tracked')}
