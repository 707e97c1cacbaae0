"""A checkpoint that does not fit the model is an error, not a line in the log."""

import re
from collections.abc import Container, Iterable, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ltcl.checkpoints.comparing import SHOWN, differences
from ltcl.checkpoints.run_state import meta_of, refuse_weights_only
from ltcl.errors import UserError
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped

ENCODER = 'backbone.'
HEAD, COUNTS = 'head.', 'head.class_counts'


@HOOKS.register_module()
class StrictLoadHook(Hook):
    """Refuses a checkpoint whose tensors are not exactly those of the model, before any is copied.

    MMEngine loads what matches and only logs the rest, so a file of another architecture trains or tests a network that
    is partly random. A converted file may lack class counts, which the originals do not keep.

    Args:
        ignore: Regular expressions for a config that starts from another run's checkpoint, such as that of stage 1.
            Names in which one is found are neither compared nor loaded: the model keeps its own. A run that is resumed,
            and a test of a config that can be trained, take a checkpoint of their own, and all of it.
    """

    def __init__(self, ignore: Sequence[str] = ()) -> None:
        self.ignore = [re.compile(pattern) for pattern in ignore]

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint's names and shapes with the model's.

        Raises:
            UserError: Lists what is missing, superfluous or of another shape, or names the option that leaves out a
                head of other classes.
        """
        model = unwrapped(runner.model)
        source = runner._load_from or 'to resume from'
        tensors = tensors_of(checkpoint, source)
        if runner._resume:
            refuse_weights_only(checkpoint, source)
        ours, state = model.state_dict(), checkpoint['state_dict']
        # The loop of a training is built by now, that of a config under test is not.
        is_own = runner._resume or isinstance(runner._train_loop, dict)
        ignored = set() if is_own else set(filter(self._is_ignored, [*ours, *state]))
        _check_encoder(ours.keys() - ignored, tensors, source)
        for name in ignored & state.keys():
            del state[name]
        # With the model's own values MMEngine has nothing to warn of.
        state.update({name: ours[name] for name in ignored & ours.keys()})
        state.update(absent_counts(ours, checkpoint, tensors_of(checkpoint, source)))
        theirs = tensors_of(checkpoint, source)
        if runner._train_loop is not None and not is_own:
            _refuse_other_classes(ours, theirs, getattr(model, 'head', None), source)
        compare_tensors(ours, theirs, source)

    def _is_ignored(self, name: str) -> bool:
        return any(pattern.search(_plain(name)) for pattern in self.ignore)


def tensors_of(checkpoint: dict, source: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint, by names without the prefix of a wrapped model.

    Raises:
        UserError: It has none; names ``source``, where it came from.
    """
    if 'state_dict' not in checkpoint:
        raise UserError(
            f'the checkpoint {source} has no state_dict, only {", ".join(map(str, list(checkpoint)[:SHOWN]))}: '
            'it was not written by ltcl'
        )
    return {_plain(name): value for name, value in checkpoint['state_dict'].items()}


def absent_counts(ours: dict[str, Tensor], checkpoint: dict, theirs: Container[str]) -> dict[str, Tensor]:
    """Class counts of the model that a converted file does not hold: the training set tells them.

    Args:
        ours: State of the model.
        checkpoint: What the file holds.
        theirs: Names of its tensors, without the prefix of a wrapped model.
    """
    if 'converted_from' not in meta_of(checkpoint):
        return {}
    return {name: ours[name] for name in ours if name.endswith('.class_counts') and name not in theirs}


def _plain(name: str) -> str:
    return name.removeprefix('module.')


def _check_encoder(needed: Iterable[str], names: Iterable[str], source: str) -> None:
    names = sorted(names)
    if any(name.startswith(ENCODER) for name in needed) and not any(name.startswith(ENCODER) for name in names):
        raise UserError(
            f'the checkpoint {source} has no encoder: none of its names begins with {ENCODER} '
            f'({", ".join(names[:SHOWN])}). Give a checkpoint that ltcl wrote while it trained the encoder; '
            "`ltcl convert` makes one of a file of the authors' code"
        )


def _refuse_other_classes(ours: dict[str, Tensor], theirs: dict[str, Tensor], head: Any, source: str) -> None:
    """Refuse a checkpoint to start from that fits but for the number of classes of its head."""
    differing = [name for name in ours.keys() & theirs.keys() if ours[name].shape != theirs[name].shape]
    if ours.keys() != theirs.keys() or not all(name.startswith(HEAD) for name in differing):
        return
    number = len(ours[COUNTS]) if COUNTS in ours else getattr(head, 'num_classes', None)
    for mine, other in ((ours[name].shape, theirs[name].shape) for name in differing):
        if mine[:1] == (number,) and mine[1:] == other[1:] and other:
            raise UserError(
                f'the checkpoint {source} has {other[0]:,} classes, the config {number:,}: to start from its encoder '
                'and projector, give the option --cfg-options "default_hooks.strict_load.ignore=[\'^head\\.\']"'
            )


def compare_tensors(ours: dict[str, Tensor], theirs: dict[str, Tensor], source: str) -> None:
    """Refuse tensors that are not exactly those of a model.

    Args:
        ours: State of the model.
        theirs: Tensors of the checkpoint, by the same names.
        source: Where they came from, for the message.

    Raises:
        UserError: Lists what is missing, superfluous or of another shape.
    """
    if found := differences(ours, theirs):
        raise UserError(
            f'the checkpoint {source} is of another architecture than the config: {found}. '
            'Use the config it was trained with'
        )
