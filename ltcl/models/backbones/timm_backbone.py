"""Any network of timm as a backbone."""

import functools
import inspect
import sys
from typing import Any

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import Tensor

from ltcl.checkpoints.timm_files import import_timm
from ltcl.errors import UserError
from ltcl.registry import MODELS

from .blocks import numbers_by_modules

# What the modules of timm call the function that brings weights, its authors' and others', to the names of a network.
FILTERS = ('checkpoint_filter_fn', '_filter_fn', '_filter_torchvision_pretrained')


@MODELS.register_module()
class TimmBackbone(BaseBackbone):
    """A network of timm without its classifier; its output is one pooled row (N, C) of each image.

    The network pools as it was trained, be it by an average, by the class token or by attention, and applies what it
    has between pooling and classifier (a norm, a convolution). So it goes without a neck. mmpretrain's ``TIMMBackbone``
    gives what comes before the pooling, in the layout that each family has, and loads what fits of a file.

    Args:
        model_name: Name of timm, with or without the tag of its weights: ``'vit_tiny_patch16_224.augreg_in21k'``.
        in_channels: Channels of the image, 1 for grey.
        img_size: Height and width of the images, of which a vision transformer makes its position embeddings; None is
            the size of its weights. A network that takes any size does not need it.
        init_cfg: ``dict(type='Pretrained', checkpoint='timm://NAME')``, or a file as ``checkpoint``; None keeps timm's
            initialisation.
        **kwargs: Arguments of ``timm.create_model``, such as ``drop_path_rate`` or ``global_pool``.

    Raises:
        UserError: timm is not installed or has no such network, or the network does not take an argument.
    """

    def __init__(
        self,
        model_name: str,
        in_channels: int = 3,
        img_size: int | tuple[int, int] | None = None,
        init_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        timm = import_timm()
        if not timm.is_model(model_name):
            raise UserError(
                f'TimmBackbone: timm has no network {model_name}: `ltcl train --backbone` finds similar names'
            )
        is_fixed = timm.get_pretrained_cfg(model_name).fixed_input_size
        if img_size is not None and is_fixed:
            kwargs['img_size'] = img_size
        try:
            self.network = import_timm().create_model(model_name, num_classes=0, in_chans=in_channels, **kwargs)
        except (TypeError, RuntimeError, AssertionError) as error:
            raise UserError(f'TimmBackbone: {model_name} cannot be built: {error}') from error
        size = self.network.pretrained_cfg['input_size'][1:] if img_size is None else img_size
        self.img_size = (size, size) if isinstance(size, int) else tuple(size)
        self.model_name = model_name
        self.image_channels = in_channels

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; timm has initialised the network when it was made."""
        if self.init_cfg:
            super().init_weights()

    @property
    def classifiers(self) -> tuple[str, ...]:
        """Names in the files of this network's classifiers, which are left out."""
        named = self.network.pretrained_cfg.get('classifier') or ()
        return (named,) if isinstance(named, str) else tuple(named)

    def own_names(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors of a file by the names of the network, as timm translates them.

        timm knows the layouts of the authors of most families: MAE, DINOv2 and CLIP for vision transformers. Position
        embeddings of another size are interpolated.

        Args:
            state: The tensors by the names of the file.

        Returns:
            The same by the names of the network; as they are, where timm cannot read them.
        """
        module = sys.modules[type(self.network).__module__]
        translate = next((getattr(module, name) for name in FILTERS if hasattr(module, name)), None)
        if translate is None:
            return state
        arguments = (dict(state), self.network)[: len(inspect.signature(translate).parameters)]
        try:
            return translate(*arguments)
        except Exception:  # a file of another network: its names tell
            return state

    @functools.cached_property
    def layer_numbers(self) -> dict[str, int]:
        """Layer of each parameter: 0 before the first block, then the blocks.

        As timm counts them; of the few networks whose layers it does not tell, as their modules do.
        """
        timm = import_timm()
        if hasattr(self.network, 'group_matcher'):
            matcher = self.network.group_matcher(coarse=False)
            found = timm.models.group_parameters(self.network, matcher, reverse=True)
        else:
            found = numbers_by_modules(self.network)
        last = max(found.values())
        names = (name for name, _ in self.network.named_parameters())
        return {f'network.{name}': found.get(name, last) for name in names}

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter for layer-wise learning rates, as mmpretrain's backbones tell it.

        Args:
            param_name: Name of the parameter in the model.
            prefix: With which the names of the backbone begin.

        Returns:
            Its layer, and how many there are, that of the head included.
        """
        num_layers = max(self.layer_numbers.values()) + 2
        return self.layer_numbers.get(param_name.removeprefix(prefix), num_layers - 1), num_layers

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Map images (N, in_channels, H, W) to features (N, C) in a tuple."""
        return (self.network(images),)
