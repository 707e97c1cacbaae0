"""Weights of a file, and what became of them when they were given other names."""

import re
from dataclasses import dataclass, field

from torch import Tensor

from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .layouts import SOURCES
from .parts import Layout

State = dict[str, Tensor]
# Where files keep their weights; DINO and DINOv2 those of the teacher, which is the better one, beside the student's.
CONTAINERS = ('state_dict', 'state_dict_best', 'model', 'teacher', 'state_dict_ema', 'model_ema')
ENCODER = 'backbone.'
SHOWN = 6


@dataclass
class Conversion:
    """Tensors under their new names, and what became of everything else.

    Args:
        layout: Kind of file.
        state_dict: Converted and filled tensors.
        left_out: Names of the file that were not used, with the reason.
        filled: Tensors that the file does not hold, with where their values come from.
    """

    layout: Layout
    state_dict: State
    left_out: dict[str, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)

    @property
    def is_encoder(self) -> bool:
        """Whether it holds an encoder and nothing else."""
        return all(name.startswith(ENCODER) for name in self.state_dict)

    def fill(self, name: str, value: Tensor, reason: str) -> None:
        """Add a tensor that the file does not hold."""
        self.state_dict[name] = value
        self.filled[name] = reason


def weights_of(checkpoint: object) -> tuple[State, dict[str, str]]:
    """The weights in a file of any of the originals, without the prefix of a parallel wrapper.

    Args:
        checkpoint: What :func:`~.reading.read_checkpoint` returned.

    Returns:
        Tensors by name, and the other entries of the file with the reason why they are left out.

    Raises:
        UserError: It holds no weights.
    """
    if not isinstance(checkpoint, dict):
        raise UserError(f'the file holds a {type(checkpoint).__name__}, not a dict of weights: give a checkpoint')
    container = next((key for key in CONTAINERS if key in checkpoint), None)
    weights = checkpoint if container is None else checkpoint[container]
    weights = weights if isinstance(weights, dict) else {}
    if container == 'state_dict_best':
        # KCL's and TSC's alternative pipeline for stage 2: encoder and classifier lie side by side.
        weights = {name: value for part in weights.values() for name, value in part.items()}
    strangers = [name for name, value in weights.items() if not isinstance(value, Tensor)]
    if not weights or strangers:
        what = f'entries that are no tensors: {shorten(strangers, SHOWN)}' if strangers else 'no weights'
        raise UserError(f'the file holds {what}: give a checkpoint of one of {", ".join(SOURCES)}')
    state = {re.sub(r'(^|\.)module\.', r'\1', name): value for name, value in weights.items()}
    if len(state) < len(weights):
        raise UserError('the file holds names with and without module. side by side: keep one kind')
    if container is None:
        return state, {}
    taken = f'other weights; those of {container} are taken'
    others = {key: value for key, value in checkpoint.items() if key != container}
    return state, {str(key): taken if _are_weights(key, value) else 'no weights' for key, value in others.items()}


def _are_weights(key: object, value: object) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return key in CONTAINERS or all(isinstance(each, Tensor) for each in value.values())
