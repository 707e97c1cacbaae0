"""Weights that a part of a model starts from: they fit, or the run stops."""

import re
from collections.abc import Iterator

import torch
from mmengine.logging import print_log
from mmengine.model import weight_init
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .comparing import SHOWN, differences, refuse_spoilt
from .conversion import ENCODER, State, weights_of
from .forms import FORMS
from .names import TRANSLATED, encoder_form, encoder_to_ours
from .schemes import load_checkpoint

# Before names of the encoder in files of ours, of mmpretrain, of PaCo's family and of CLIP; outer before inner ones.
PREFIXES = (ENCODER, 'encoder_q.', 'encoder.', 'visual.', 'network.')
# Norms at the output, which fine-tuning starts as ones and zeros: the pre-training had none.
NEW_NORMS = re.compile(r'(ln2|fc_norm|norm\d)\.(weight|bias)')
# Tables by position, which backbones interpolate to another size of image.
RESIZED = re.compile(r'(.*\.)?(pos_embed|relative_position_bias_table)')


class PretrainedInit(weight_init.PretrainedInit):
    """``Pretrained`` of an ``init_cfg``: mmengine's loads what fits and only warns of the rest, this one stops."""

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into a module.

        Raises:
            UserError: They do not fit or are not finite.
        """
        load_pretrained(module, self.checkpoint, self.prefix, self.map_location)
        if hasattr(module, '_params_init_info'):
            weight_init.update_init_info(module, init_info=self._get_init_info())


def load_pretrained(
    module: nn.Module, source: str, prefix: str | None = None, map_location: str | torch.device | None = 'cpu'
) -> None:
    """Start a backbone, or another part of a model, from weights of any layout that is known for it.

    The rule: every tensor of the part is in the file, in its shape, and every tensor of the file that belongs to a
    layer of the part has its place. The file may have more, such as a classifier, a decoder or a text encoder. What may
    differ: position embeddings of another size are interpolated where the backbone can; a first convolution of three
    colours is summed for grey images; tables of whole numbers and a norm after the pooling may be missing.

    Args:
        module: The part. Of a whole model, the rule is for its backbone; the rest is loaded where it fits.
        source: A path, a URL, or a name such as ``torchvision://resnet50`` or ``timm://resnet18``.
        prefix: With which the names of the part begin in the file; None finds that out.
        map_location: Where the tensors go.

    Raises:
        UserError: The weights do not fit, which lists what does not match, or are not finite.
    """
    network = getattr(module, 'network', module) if hasattr(module, 'own_names') else module
    ours = network.state_dict()
    state = _named_alike(module, ours, _part(weights_of(load_checkpoint(source, map_location))[0], prefix, source))
    state = {name: _for_grey(value, ours.get(name)) for name, value in state.items()}
    is_whole = any(name.startswith(ENCODER) for name in ours)
    needed = {name: value for name, value in ours.items() if not is_whole or name.startswith(ENCODER)}
    layers = {_layer(name) for name in needed}
    left_out = sorted(name for name in state.keys() - ours.keys() if _is_extra(name, layers, module))
    compared = {name: value for name, value in state.items() if _layer(name) in layers and name not in left_out}
    expected = {name: value for name, value in needed.items() if name in state or not _may_miss(name, value)}
    for name in expected.keys() & compared.keys():
        if RESIZED.fullmatch(name) and expected[name].shape[-1:] == compared[name].shape[-1:]:
            expected[name] = compared[name]
    found = differences(expected, compared)
    loaded = {name: value for name, value in state.items() if name in needed or _fits(name, value, ours)}
    if not found:
        # A buffer of infinities, such as a mask, is meant.
        refuse_spoilt({name: value for name, value in loaded.items() if ours[name].isfinite().all()}, source)
        try:
            network.load_state_dict(loaded, strict=False)
        except Exception as error:  # of a hook that interpolates, too
            found = ' '.join(str(error).split())[:300]
    if found:
        fitting = sum(_fits(name, value, ours) for name, value in state.items())
        raise UserError(
            f'{source} does not fit {type(module).__name__}, {fitting} of its {len(state)} tensors do: {found}. '
            'Give weights of this architecture, name the network that they are of, --backbone NAME, or start from '
            'random ones: --scratch, or a config without init_cfg'
        )
    print_log(
        f'{type(module).__name__} starts from {len(loaded)} tensors of {source}; left out: '
        f'{shorten(left_out, SHOWN) or "none"}',
        logger='current',
    )


def _part(state: State, prefix: str | None, source: str) -> State:
    """The tensors of the part, without their prefix."""
    if prefix is not None:
        found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        if not found:
            names = shorten([*state], SHOWN)
            raise UserError(f'{source} has no name that begins with {prefix}, the prefix of init_cfg, but {names}')
        return found
    return state


def _named_alike(module: nn.Module, ours: State, state: State) -> State:
    """The tensors by the names of the part: the reading of their names that fits most of them.

    Of two with the same names the one with more of the shapes: a backbone may resize as it reads.
    """

    def fit(read: State) -> tuple[int, int]:
        return sum(name in ours for name in read), sum(_fits(name, value, ours) for name, value in read.items())

    return max(_readings(module, state), key=fit)


def _readings(module: nn.Module, state: State) -> Iterator[State]:
    yield state
    inner = state
    for prefix in PREFIXES:
        if any(name.startswith(prefix) for name in inner):
            inner = {name.removeprefix(prefix): value for name, value in inner.items() if name.startswith(prefix)}
            yield inner
    own_names = getattr(module, 'own_names', None)
    for each in (state, inner) if inner is not state else (state,):
        if own_names is not None:
            yield own_names(each)
        else:
            yield from (_translated(encoder, each) for encoder in TRANSLATED)


def _translated(encoder: str, state: State) -> State:
    """Tensors with the names that OpenMMLab's packages give them, those that are none of the encoder's as they are."""
    ours = {name: encoder_to_ours(encoder, name) for name in state}
    return {ours[name] or name: _reformed(encoder, ours[name], value) for name, value in state.items()}


def _reformed(encoder: str, ours: str | None, value: Tensor) -> Tensor:
    if ours is None:
        return value
    if encoder == 'clip' and ours in ('cls_token', 'pos_embed'):
        return value.reshape(1, -1, value.shape[-1])
    return FORMS[encoder_form(encoder, ours)][0](value, 0)


def _for_grey(value: Tensor, ours: Tensor | None) -> Tensor:
    """A convolution of three colours for a network of one: a grey image is the same in all."""
    if ours is None or value.ndim != 4 or (value.shape[1], ours.shape[1:2]) != (3, (1,)):
        return value
    return value.sum(1, keepdim=True)


def _is_extra(name: str, layers: set[str], module: nn.Module) -> bool:
    """Whether a tensor belongs to no layer of the part, or to a classifier that is known."""
    return _layer(name) not in layers or name.startswith(
        tuple(f'{each}.' for each in getattr(module, 'classifiers', ()))
    )


def _layer(name: str) -> str:
    """What the rule calls a layer: the first word of a name, in a whole model the first two of the backbone's."""
    inner = name.removeprefix(ENCODER)
    return name[: len(name) - len(inner)] + inner.partition('.')[0]


def _may_miss(name: str, value: Tensor) -> bool:
    return not value.is_floating_point() or NEW_NORMS.fullmatch(name.removeprefix(ENCODER)) is not None


def _fits(name: str, value: Tensor, ours: State) -> bool:
    return name in ours and value.shape == ours[name].shape
