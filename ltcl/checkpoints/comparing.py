"""Where the tensors of a checkpoint differ from those of a model."""

from torch import Tensor

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
