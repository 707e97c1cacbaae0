"""Where the tensors of a checkpoint differ from those of a model, and numbers in them that are none."""

from collections.abc import Mapping

from torch import Tensor

from ltcl.errors import UserError
from ltcl.neutral_text import shorten

SHOWN = 6


def differences(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> str:
    """Names that only one side has and shapes that differ, for the message of an error.

    Args:
        ours: State of the model.
        theirs: Tensors of the checkpoint, by the same names.

    Returns:
        The first few and how many more there are; an empty string if there is none.
    """
    problems = [f'missing {name}' for name in ours.keys() - theirs.keys()]
    problems += [f'unknown {name}' for name in theirs.keys() - ours.keys()]
    problems += [
        f'{name} has shape {tuple(theirs[name].shape)}, not {tuple(ours[name].shape)}'
        for name in ours.keys() & theirs.keys()
        if theirs[name].shape != ours[name].shape
    ]
    return shorten(sorted(problems), SHOWN, '; ')


def refuse_spoilt(tensors: Mapping[str, Tensor], source: str) -> None:
    """Refuse weights with a number that is not finite, as a training that diverged leaves them.

    Args:
        tensors: By name; those of the meta device are passed over.
        source: The file, for the message.

    Raises:
        UserError: Names the first few tensors.
    """
    spoilt = [name for name, value in tensors.items() if not value.is_meta and not value.isfinite().all()]
    if spoilt:
        raise UserError(
            f'{source} has numbers that are not finite, in {shorten(spoilt, SHOWN)}: it is damaged, or was saved by a '
            'training that diverged. Give an earlier one'
        )
