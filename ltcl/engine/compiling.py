"""A training whose encoders and losses torch.compile translates."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from ltcl.functional.compiling import compilable, use_compiled
from ltcl.launch.compile_option import GRAPH_MODES

ENCODER = ('backbone', 'neck', 'projector')


def encoder_parts(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Parts of the trained encoder and of the momentum encoder, by name."""
    for prefix, encoder in (('', model), ('momentum_encoder.', getattr(model, 'momentum_encoder', None))):
        parts = dict(encoder.named_children()) if encoder is not None else {}
        yield from ((prefix + name, parts[name]) for name in ENCODER if name in parts)


def compile_training(model: nn.Module, options: Mapping[str, Any]) -> list[str]:
    """Translate encoders and losses of a model wherever it computes a loss.

    Each part of an encoder is translated by itself and in place, and each loss of :mod:`ltcl.functional` where a head
    calls it. All else stays Python: queues, whose pointers would be constants of a translation and make a new one in
    every step, what processes gather, the move of the momentum encoder and the optimizer, which is a few launches
    already. Names of weights, checkpoints and the wrapper of several processes see the same model. Validation and
    everything else that encodes images, of other numbers and in eval mode, run as written.

    Args:
        model: The model, without wrappers.
        options: Arguments of ``torch.compile``, such as ``mode``.

    Returns:
        Names of the parts.
    """
    parts = dict(encoder_parts(model))
    for name, part in parts.items():
        # Where nn.Module.compile() puts it: copies of a module and its pickle leave it out.
        part._compiled_call_impl = compilable(part._call_impl, name)
    has_graphs = options.get('mode') in GRAPH_MODES

    def enter(module: nn.Module, args: tuple, kwargs: dict) -> None:
        if kwargs.get('mode') == 'loss':
            if has_graphs:  # what a step has recorded may be written over from here on
                torch.compiler.cudagraph_mark_step_begin()
            use_compiled(options)

    def leave(*_: object) -> None:
        use_compiled(None)

    model.register_forward_pre_hook(enter, with_kwargs=True)
    model.register_forward_hook(leave, always_call=True)
    return list(parts)
