"""A model whose weights are spread over the processes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.optim import AmpOptimWrapper
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODEL_WRAPPERS

from .tensors import cut_like


@MODEL_WRAPPERS.register_module()
class FullyShardedModel(nn.Module):
    """Takes the place of DDP where weights, gradients and optimizer state of a large model do not fit on a device.

    Each process holds its share of every weight; the rest of a layer comes from the others while it is computed, by
    PyTorch's ``fully_shard``. Numbers, checkpoints and logs are those of DDP: a run may go on with the one or the
    other. ``model_wrapper_cfg = dict(type='ltcl.FullyShardedModel')`` in a config turns it on for several processes;
    one process trains as ever. A test or a prediction holds the whole model.

    mmengine's ``FSDPStrategy`` needs its ``FlexibleRunner``, which has neither our checkpoints nor our loops, and
    PyTorch's older ``FullyShardedDataParallel``.

    Args:
        module: The model.
        layers: Regular expression; a layer whose name it matches at the end, and all in it, is gathered and freed as
            one. What is in none of them, such as embeddings and head, is one more.
        reshard_after_forward: Free a layer between forward and backward pass. False takes more memory and gathers each
            layer once a step instead of twice.

    Raises:
        UserError: No layer matches, or the head compares features outside the forward pass of the model.
    """

    def __init__(
        self, module: nn.Module, layers: str = r'(^|\.)(layers|blocks)\.\d+', reshard_after_forward: bool = True
    ) -> None:
        super().__init__()
        self.module: Any = module
        self.layers = _outermost(module, re.compile(f'(?:{layers})$'))
        self.reshard_after_forward = reshard_after_forward
        self.is_sharded = False
        if not self.layers:
            raise UserError(
                f'ltcl.FullyShardedModel: layers={layers!r} matches no layer of this model; it is meant for vision '
                "transformers. Name others, such as layers=r'\\.layer\\d\\.\\d+' of a ResNet, or take "
                'model_wrapper_cfg out of the config'
            )
        if not getattr(getattr(module, 'head', None), 'has_classifier', True):
            raise UserError(
                f'ltcl.FullyShardedModel: {type(module.head).__name__} has no classifier, and features are compared '
                'outside the forward pass, where no process has the whole model: take model_wrapper_cfg out'
            )

    def shard(self) -> None:
        """Keep this process's share of each weight only. Weights are equal on all processes by then."""
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        device = next(self.module.parameters()).device.type
        mesh = init_device_mesh(device, (torch.distributed.get_world_size(),), mesh_dim_names=('processes',))
        for layer in [*self.layers, self.module]:
            fully_shard(layer, mesh=mesh, reshard_after_forward=self.reshard_after_forward)
        for each in self.module.modules():
            each.register_load_state_dict_pre_hook(_cut_to_fit)
        self.is_sharded = True

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Sum gradients up without exchanging them, for all but the last batch of an optimizer step."""
        self.module.set_requires_gradient_sync(False)
        try:
            yield
        finally:
            self.module.set_requires_gradient_sync(True)

    def train_step(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """That of the model."""
        return self.module.train_step(*args, **kwargs)

    def val_step(self, *args: Any, **kwargs: Any) -> list:
        """That of the model."""
        return self.module.val_step(*args, **kwargs)

    def test_step(self, *args: Any, **kwargs: Any) -> list:
        """That of the model."""
        return self.module.test_step(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """That of the model."""
        return self.module(*args, **kwargs)


def refuse_unfit(hooks: Iterable[Hook], optim_wrapper: object) -> None:
    """Refuse what needs whole weights or gradients in a training with :class:`FullyShardedModel`.

    Args:
        hooks: Of the runner.
        optim_wrapper: Or its config.

    Raises:
        UserError: Names it.
    """
    kind = optim_wrapper.get('type') if isinstance(optim_wrapper, Mapping) else type(optim_wrapper).__name__
    if kind in ('AmpOptimWrapper', AmpOptimWrapper):
        raise UserError(
            'ltcl.FullyShardedModel trains in bfloat16 or float32: the gradient scaler of float16 would look at a '
            'share of the gradients only. Set optim_wrapper.type=ltcl.Bfloat16OptimWrapper (--amp bfloat16)'
        )
    if any(isinstance(hook, EMAHook) for hook in hooks):
        raise UserError(
            'EMAHook averages whole weights, which no process of ltcl.FullyShardedModel has: take one of the two out'
        )


def _outermost(module: nn.Module, layers: re.Pattern) -> list[nn.Module]:
    """Layers with such names that are in no other one."""
    found: dict[str, nn.Module] = {}
    for name, each in module.named_modules():  # parents come first
        if layers.search(name) and not any(name.startswith(f'{parent}.') for parent in found):
            found[name] = each
    return list(found.values())


def _cut_to_fit(module: nn.Module, state_dict: dict, prefix: str, *_: object) -> None:
    """Whole weights are loaded into sharded ones."""
    for name, parameter in module._parameters.items():
        if f'{prefix}{name}' in state_dict:
            state_dict[f'{prefix}{name}'] = cut_like(state_dict[f'{prefix}{name}'], parameter)
