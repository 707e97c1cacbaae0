"""Widths that follow from the parts before, so that no config repeats them."""

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.models import LinearClsHead
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.signatures import defaults_of, parameters_of


class Encoder:
    """What is before a projector and a head.

    Args:
        backbone: Config of the backbone, or the backbone.
        neck: Config of the neck, or the neck, or None; a neck's own ``in_channels`` follows from the backbone.
    """

    def __init__(self, backbone: dict | nn.Module, neck: dict | nn.Module | None) -> None:
        self.backbone = built_backbone(backbone)
        self.neck: nn.Module | None = None
        if isinstance(neck, dict) and takes(neck, 'in_channels'):
            neck = _with_width(neck, 'model.neck.in_channels', output_shape(self.backbone), str(self))
        if neck is not None:
            self.neck = _built(neck)
        self.shape = output_shape(*self.parts)
        if self.shape is None and self.neck is not None:
            self._check_pooled(self.neck)

    def _why_unknown(self, key: str) -> str:
        """What to tell where a width is wanted and :attr:`shape` is None."""
        try:
            _shape_on_meta(*self.parts)
        except Exception as error:
            reason = ' '.join(str(error).split())[:120] or type(error).__name__
            width, height = _image_for(self.backbone).shape[:1:-1]
            return (
                f'{key} is open, and {_name_of(self.backbone)} fails on an image of {width}x{height} px, which would '
                f'tell it ({reason}): set {key}, or take images of another size or another backbone'
            )
        return f'{key} is open, and {self} does not tell it: set {key}'

    def _check_pooled(self, neck: nn.Module) -> None:
        pooled = output_shape(self.backbone)
        if pooled is not None and len(pooled) == 2:
            raise UserError(
                f'the output of {type(self.backbone).__name__} is one row of an image already, and '
                f'{type(neck).__name__} takes a map: set model.neck=None'
            )

    @property
    def parts(self) -> list[nn.Module]:
        """Backbone, and neck where there is one."""
        return [self.backbone] if self.neck is None else [self.backbone, self.neck]

    def __str__(self) -> str:
        """As in a message."""
        return f'the output of {" and ".join(type(part).__name__ for part in self.parts)}'

    def fit(self, part: dict, key: str) -> dict:
        """The config of a projector or head with the width of the pooled features.

        Args:
            part: The config; one that takes no ``in_channels`` stays as it is.
            key: Its key in the model.

        Returns:
            The config, a copy if it has changed.

        Raises:
            UserError: It names another width, the width is open and cannot be told, or the features are not pooled.
        """
        if not takes(part, 'in_channels'):
            return part
        if self.shape is not None and len(self.shape) > 2 and (key == 'projector' or _is_linear(part)):
            size = 'x'.join(map(str, self.shape[1:]))
            raise UserError(
                f'{self} is {size}, and model.{key} takes one row of an image: set '
                "model.neck=dict(type='GlobalAveragePooling')"
            )
        if self.shape is None and part.get('in_channels') is None:
            raise UserError(self._why_unknown(f'model.{key}.in_channels'))
        return _with_width(part, f'model.{key}.in_channels', self.shape, str(self))


def fit_feat_dim(head: dict, projector: dict | None) -> dict:
    """The config of a head with the width of the embeddings that a projector makes.

    Args:
        head: The config; one that takes no ``feat_dim`` stays as it is.
        projector: Config of the projector.

    Raises:
        UserError: The head names another width.
    """
    arguments = defaults_of(_class_of(projector)) | projector if projector is not None else {}
    width = arguments.get('out_channels')
    if width is None or not takes(head, 'feat_dim'):
        return head
    return _with_width(head, 'model.head.feat_dim', (1, width), 'the output of the projector')


def built_backbone(backbone: dict | nn.Module) -> nn.Module:
    """A backbone that tells the size of its images, ``img_size``, where its config does."""
    built = _built(backbone)
    if isinstance(backbone, dict) and backbone.get('img_size') and not hasattr(built, 'img_size'):
        built.img_size = backbone['img_size']
    return built


def _name_of(backbone: Any) -> str:
    """A backbone in words: of one that is frozen or tuned in part, the network in it."""
    network = getattr(backbone, 'encoder', backbone)
    return str(getattr(network, 'model_name', type(network).__name__))


def _is_linear(head: dict) -> bool:
    return issubclass(_class_of(head), LinearClsHead)


def _built(part: dict | nn.Module) -> nn.Module:
    return part if isinstance(part, nn.Module) else MODELS.build(part)


def _with_width(part: dict, key: str, shape: Sequence[int] | None, source: str) -> dict:
    name = key.rpartition('.')[2]
    given, width = part.get(name), None if shape is None else shape[1]
    if given is None and width is None:
        raise UserError(f'{key} is open, and the width of what is before it cannot be told: set {key}')
    if isinstance(given, int) and width is not None and given != width:
        raise UserError(f'{key}={given}, but {source} has width {width}: leave {name} out, or set {width}')
    return part if given is not None else {**part, name: width}


def _class_of(part: dict) -> type:
    return part['type'] if inspect.isclass(part['type']) else MODELS.get(part['type'])


def takes(part: dict, name: str) -> bool:
    """Whether what is built from a config takes an argument.

    Args:
        part: The config.
        name: The argument.
    """
    return name in parameters_of(_class_of(part))


def output_shape(*parts: nn.Module) -> torch.Size | None:
    """Shape of what parts, one after the other, make of one image; of several outputs, that of the last.

    Nothing is computed: a copy runs on the meta device, in eval mode. Parts and random numbers stay as they are.

    Args:
        *parts: A backbone, and what follows it.

    Returns:
        The shape, the first entry 1; None if the parts cannot run on this device or have no weights.
    """
    try:
        return _shape_on_meta(*parts)
    except Exception:  # whatever a foreign backbone does that has no meaning without numbers
        return None


@torch.no_grad()
def _shape_on_meta(*parts: nn.Module) -> torch.Size | None:
    chain = nn.Sequential(*parts)
    tensors = [*chain.parameters(), *chain.buffers()]
    if not tensors:
        return None
    # What some networks keep beside their buffers, such as a table of positions for the evaluation.
    tensors += [each for module in chain.modules() for each in vars(module).values() if isinstance(each, Tensor)]
    # A copy, since modules that stand in several places would keep what is put into them for the time of a call.
    copied = copy.deepcopy(chain, {id(each): each.to('meta') for each in tensors}).to('meta')
    copied.eval()
    with torch.random.fork_rng(devices=[]):
        output = copied(_image_for(parts[0]))
    output = output[-1] if isinstance(output, list | tuple) and output else output
    if isinstance(output, list | tuple):
        widths = ' and '.join(str(each.shape[1]) for each in output if isinstance(each, Tensor))
        raise ValueError(f'it makes several rows of an image, of widths {widths}, and a head takes one')
    return output.shape if isinstance(output, Tensor) else None


def _image_for(backbone: Any) -> Tensor:
    """An image without pixels, of the size and the channels that a backbone takes."""
    network = getattr(backbone, 'encoder', backbone)
    convolutions = (module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    channels = getattr(network, 'image_channels', None) or next((module.in_channels for module in convolutions), 3)
    side = getattr(backbone, 'img_size', 224)
    height, width = (side, side) if isinstance(side, int) else side
    return torch.empty(1, channels, height, width, device='meta')
