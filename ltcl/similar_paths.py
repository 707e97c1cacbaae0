"""What a path that leads nowhere may have meant. Imports no torch."""

import difflib
import os
from pathlib import Path


def nearest_path(path: str | Path) -> Path | None:
    """The file or folder with the most similar name in the same place, such as ``data/birds`` for ``daat/bird``.

    Args:
        path: What does not exist.

    Returns:
        None where nothing is similar.
    """
    path = Path(path)
    if path.exists():
        return path
    folder = nearest_path(path.parent)
    if folder is None or not path.name or not folder.is_dir():
        return None
    if (folder / path.name).exists():
        return folder / path.name
    try:
        by_small = {name.lower(): name for name in sorted(os.listdir(folder), reverse=True)}
    except OSError:
        return None
    similar = difflib.get_close_matches(path.name.lower(), sorted(by_small), n=1, cutoff=0.7)
    return folder / by_small[similar[0]] if similar else None


def meant_path(path: str | Path, otherwise: str) -> str:
    """``'did you mean data/birds?'``, or what else to say where nothing is similar."""
    nearest = nearest_path(path)
    return otherwise if nearest is None else f'did you mean {nearest}?'
