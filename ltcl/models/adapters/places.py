"""Where in the blocks of a vision transformer an adapter can stand."""

import re
from collections.abc import Sequence

from torch import nn

from ltcl.errors import UserError
from ltcl.value_ranges import check_choice

# Names of layers in the transformers of timm and mmpretrain, inside their attention and their MLP.
QUERY_KEY_VALUE = r'(.*\.)?(attn|attention|w_msa)\.((\w*\.)?(qkv|[qkv]|kv|[qkv]_proj))'
ATTENTION_OUTPUT = r'(.*\.)?(attn|attention|w_msa)\.(\w*\.)?(proj|out_proj)'
MLP_LAYER = r'(.*\.)?(mlp|ffn)\..+'
MLP = r'(.*\.)?(mlp|ffn)'
LINEAR_PLACES = {'qkv': QUERY_KEY_VALUE, 'proj': ATTENTION_OUTPUT, 'mlp': MLP_LAYER}


def find_places(encoder: nn.Module, patterns: Sequence[str], kind: type[nn.Module] = nn.Module) -> dict[str, nn.Module]:
    """Modules of a network by their names.

    Args:
        encoder: The network.
        patterns: Regular expressions; the whole name fits one of them.
        kind: Class of the modules.
    """
    modules = encoder.named_modules()
    return {
        name: module
        for name, module in modules
        if isinstance(module, kind) and any(re.fullmatch(pattern, name) for pattern in patterns)
    }


def has_attention(encoder: nn.Module) -> bool:
    """Whether a network is a transformer: its blocks have linear layers for query, key and value."""
    return bool(find_places(encoder, [QUERY_KEY_VALUE], nn.Linear))


def linear_layers(encoder: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """Linear layers of all blocks.

    Args:
        encoder: A vision transformer.
        layers: Of ``'qkv'`` (query, key, value), ``'proj'`` (output of the attention) and ``'mlp'``.

    Raises:
        UserError: Another word, or none of these layers is in the network.
    """
    for layer in layers:
        check_choice('layers of ltcl.LoRA', layer, tuple(LINEAR_PLACES))
    found = find_places(encoder, [LINEAR_PLACES[layer] for layer in layers], nn.Linear)
    if not found:
        raise UserError(
            f'layers of ltcl.LoRA: the network has no linear layer {" or ".join(layers) or "(none is named)"}: name '
            f'some of {", ".join(LINEAR_PLACES)}'
        )
    return found
