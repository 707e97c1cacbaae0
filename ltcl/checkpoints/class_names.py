"""Which classes a checkpoint was trained on, and what their masks held."""

from pathlib import Path

from ..errors import UserError


def trained_classes(checkpoint: dict, path: str | Path) -> list[str] | None:
    """Names of the classes in the order of the training that wrote a checkpoint.

    Args:
        checkpoint: What the file holds.
        path: The file, for the message.

    Returns:
        None if it does not tell them, as a converted one.

    Raises:
        UserError: What stands in their place is no list of text.
    """
    place: list[str] = []
    found: object = checkpoint
    for key in ('meta', 'dataset_meta', 'classes'):
        if not isinstance(found, dict):
            raise _wrong(path, place)
        place.append(key)
        found = found.get(key)
        if found is None:
            return None
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) for name in found):
        raise _wrong(path, place)
    return list(found) or None


def label_lines(checkpoint: dict) -> list[str] | None:
    """What the masks of a training held, as lines of ``classes.csv``; None if a checkpoint does not tell it.

    Args:
        checkpoint: What the file holds, after :func:`trained_classes`.
    """
    lines = ((checkpoint.get('meta') or {}).get('dataset_meta') or {}).get('label_lines')
    return lines if isinstance(lines, list) and all(isinstance(line, str) for line in lines) else None


def _wrong(path: str | Path, place: list[str]) -> UserError:
    what = '.'.join(place) or 'content'
    return UserError(f'checkpoint {path}: its {what} is not what a training writes there: get the file anew')
