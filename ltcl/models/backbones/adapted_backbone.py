"""A frozen vision transformer with trained adapters."""

from functools import partial
from typing import Any

from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS

from ..adapters.places import has_attention
from ..algorithms.widths import output_shape
from .tuned_backbone import TunedBackbone


@MODELS.register_module()
class AdaptedBackbone(TunedBackbone):
    """Keeps all weights of a vision transformer and trains small layers beside its own.

    The adapters start as zero, so the features are at first those of the pretrained network.

    Args:
        encoder: Config of the vision transformer, with the ``init_cfg`` of its weights.
        adapter: Config of the adapters: ``dict(type='ltcl.LoRA')`` or ``dict(type='ltcl.Bottleneck')``.

    Raises:
        UserError: The encoder is no transformer, or it computes with the weights of a layer without calling it.
    """

    def __init__(self, encoder: dict | nn.Module, adapter: dict) -> None:
        super().__init__(encoder)
        if not has_attention(self.encoder):
            raise UserError(
                f'ltcl.AdaptedBackbone: {self.encoder_name} has no attention for an adapter to stand beside; '
                'a convolutional network is tuned by `--tune last N` or `--tune full`'
            )
        self.encoder.requires_grad_(False)
        described = MODELS.build(adapter)
        places = described.places(self.encoder)
        self.adapters = nn.ModuleDict(
            {name.replace('.', '_'): described.made_for(place) for name, place in places.items()}
        )
        for place, added in zip(places.values(), self.adapters.values(), strict=True):
            place.register_forward_hook(partial(_add, added))
        self.keep_frozen()
        self._check_used(adapter['type'])

    def _check_used(self, name: str) -> None:
        called: set[str] = set()  # names, since a copy of the network is called

        def note(place: str, *_: Any) -> None:
            called.add(place)

        hooks = [each.register_forward_hook(partial(note, place)) for place, each in self.adapters.items()]
        shape = output_shape(self)
        for hook in hooks:
            hook.remove()
        unused = [place for place in self.adapters if place not in called]
        if shape is not None and unused:
            raise UserError(
                f'{name} cannot stand beside {unused[0]} of {self.encoder_name}, which computes with the '
                'weights of that layer itself: --cfg-options model.backbone.adapter.layers=proj,mlp, or --tune last N'
            )


def _add(adapter: nn.Module, place: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
    """Forward hook of a layer: its output and what the adapter makes of its input."""
    return output + adapter(inputs[0])
