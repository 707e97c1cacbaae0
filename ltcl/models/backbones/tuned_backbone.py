"""Backbones of which a part is trained and the rest keeps its pretrained weights."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from ..algorithms.widths import built_backbone

ENCODER, ADAPTERS = 'encoder.', 'adapters.'


class TunedBackbone(BaseModule):
    """A backbone around another one, the encoder, parts of which get no gradient.

    What is frozen is in eval mode, so that the statistics of its batch norms stay and nothing of it is dropped. In a
    checkpoint the tensors of the encoder have the names that they have without this class.

    Args:
        encoder: Config of the encoder, with the ``init_cfg`` of its weights.
    """

    def __init__(self, encoder: dict | nn.Module) -> None:
        super().__init__()
        self.encoder: Any = built_backbone(encoder)
        if hasattr(self.encoder, 'img_size'):
            self.img_size = self.encoder.img_size
        self._frozen: list[nn.Module] = []
        self.register_state_dict_post_hook(_without_encoder)
        self.register_load_state_dict_pre_hook(_with_encoder)

    @property
    def encoder_name(self) -> str:
        """Kind of the encoder, for messages; of one of timm, that of timm."""
        return type(getattr(self.encoder, 'network', self.encoder)).__name__

    def keep_frozen(self) -> None:
        """Take the modules without a trained parameter as those that stay in eval mode."""
        self._frozen = _frozen_parts(self.encoder)
        self.train(self.training)

    def train(self, mode: bool = True) -> 'TunedBackbone':
        """Switch what is trained to train or eval mode."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """See :meth:`~.timm_backbone.TimmBackbone.get_layer_depth`."""
        return self.encoder.get_layer_depth(param_name.replace(f'{prefix}{ENCODER}', prefix), prefix)

    def forward(self, images: Tensor) -> Sequence[Tensor]:
        """What the encoder makes of images (N, C, H, W)."""
        return self.encoder(images)


def _frozen_parts(module: nn.Module) -> list[nn.Module]:
    """The outermost modules none of whose parameters is trained."""
    parameters = list(module.parameters())
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        return [module]
    return [part for child in module.children() for part in _frozen_parts(child)]


def _without_encoder(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    _rename(state, prefix + ENCODER, prefix)


def _with_encoder(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    _rename(state, prefix, prefix + ENCODER)


def _rename(state: dict[str, Tensor], old: str, new: str) -> None:
    """Give names that begin with ``old`` another beginning, those of adapters excepted; the order stays."""
    for name in list(state):
        value = state.pop(name)
        is_encoder = name.startswith(old) and not name.removeprefix(old).startswith(ADAPTERS)
        state[new + name.removeprefix(old) if is_encoder else name] = value
