"""Widths that follow from the parts before, so that no config repeats them."""

import inspect
from collections.abc import Sequence

import torch
from mmpretrain.models import LinearClsHead
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.func import functional_call

from ltcl.errors import UserError
from ltcl.signatures import defaults_of, parameters_of


class Encoder:
    """What is before a projector and a head.

    Args:
        backbone: Config of the backbone, or the backbone.
        neck: Config of the neck, or the neck, or None; a neck's own ``in_channels`` follows from the backbone.
    """

    def __init__(self, backbone: dict | nn.Module, neck: dict | nn.Module | None) -> None:
        self.backbone = _built(backbone)
        self.neck: nn.Module | None = None
        if isinstance(neck, dict) and takes(neck, 'in_channels'):
            neck = _with_width(neck, 'model.neck.in_channels', output_shape(self.backbone), str(self))
        if neck is not None:
            self.neck = _built(neck)
        self.shape = output_shape(*self.parts)
        if self.shape is None and self.neck is not None:
            self._check_pooled(self.neck)

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


@torch.no_grad()
def output_shape(*parts: nn.Module) -> torch.Size | None:
    """Shape of what parts, one after the other, make of one image; of several outputs, that of the last.

    Nothing is computed: the parts run on the meta device, in eval mode. No weight, buffer or random number is touched.

    Args:
        *parts: A backbone, and what follows it.

    Returns:
        The shape, the first entry 1; None if the parts cannot run on this device or have no weights.
    """
    chain = nn.Sequential(*parts)
    tensors = {name: value.to('meta') for name, value in (*chain.named_parameters(), *chain.named_buffers())}
    if not tensors:
        return None
    modes = {module: module.training for module in chain.modules()}
    try:
        for module in modes:
            module.training = False
        with torch.random.fork_rng(devices=[]):
            output = functional_call(chain, tensors, (_image_for(parts[0]),))
    except Exception:  # whatever a foreign backbone does that has no meaning without numbers
        return None
    finally:
        for module, mode in modes.items():
            module.training = mode
    while isinstance(output, list | tuple) and output:
        output = output[-1]
    return output.shape if isinstance(output, Tensor) else None


def _image_for(backbone: nn.Module) -> Tensor:
    """An image without pixels, of the size and the channels that a backbone takes."""
    convolutions = (module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    channels = next((module.in_channels for module in convolutions), 3)
    side = getattr(backbone, 'img_size', 224)
    height, width = (side, side) if isinstance(side, int) else side
    return torch.empty(1, channels, height, width, device='meta')
