"""A converted checkpoint against the model of a config: all tensors, all shapes."""

import math

from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.models.utils import resize_pos_embed
from torch import nn

from ltcl.errors import UserError

from .comparing import differences
from .conversion import ENCODER, Conversion

POSITIONS = f'{ENCODER}pos_embed'
STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')


def build_model(cfg: Config) -> nn.Module:
    """The model of a config, its targets generated; a checkpoint that its encoder starts from is not read."""
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model = MODELS.build(cfg.model)
    if hasattr(getattr(model, 'head', None), 'register_targets'):
        model.head.init_weights()
    return model


def fit_to_model(result: Conversion, model: nn.Module) -> None:
    """Check a conversion against a model, and add what only the model knows.

    A conversion that holds an encoder alone is compared with the encoder alone. Position embeddings of a ViT are
    interpolated to the model's image size. State of the training that the file does not hold (targets, class counts, a
    queue that is not taken over) is the one that the model starts with.

    Args:
        result: What :func:`~.converting.to_ours` returned; changed in place.
        model: What :func:`build_model` returned.

    Raises:
        UserError: Lists what the model lacks, what the file lacks, and what has another shape.
    """
    ours = {name: value for name, value in model.state_dict().items() if _is_compared(name, result)}
    _resize_positions(result, model)
    buffers = {name for name, _ in model.named_buffers() if not name.endswith(STATISTICS)}
    for name in buffers & (ours.keys() - result.state_dict.keys()):
        result.fill(name, ours[name].clone(), 'absent from the file; what the config starts with')
    if found := differences(ours, result.state_dict):
        raise UserError(
            f'the file of {result.layout.title} does not fit the config: {found}. Give the config of its architecture '
            'and data set; --keep classifier fits a plain classifier, and --fresh-queue takes a queue of another length'
        )


def _is_compared(name: str, result: Conversion) -> bool:
    return name.startswith(ENCODER) or not result.is_encoder


def _resize_positions(result: Conversion, model: BaseModel) -> None:
    positions = result.state_dict.get(POSITIONS)
    if positions is None or not hasattr(model.backbone, 'pos_embed'):
        return
    if positions.shape[1:] == model.backbone.pos_embed.shape[1:]:
        return
    side = math.isqrt(positions.shape[1] - 1)
    if positions.shape[2] != model.backbone.pos_embed.shape[2] or side**2 != positions.shape[1] - 1:
        return  # another architecture: the shapes tell
    size = tuple(model.backbone.patch_embed.init_out_size)
    reason = f'interpolated from {side}x{side} to {size[0]}x{size[1]} patches'
    result.fill(POSITIONS, resize_pos_embed(positions, (side, side), size), reason)
