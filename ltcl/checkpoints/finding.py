"""The checkpoints of a run in its work dir."""

import re
from collections.abc import Iterator
from pathlib import Path

from ltcl.errors import UserError
from ltcl.notices import warn

from .reading import load_from_local
from .run_state import check_resumable, progress
from .whole_files import is_whole

REGULAR, STOPPED = ('epoch', 'iter'), 'stopped_iter'
RESUMABLE = re.compile(rf'({"|".join(REGULAR)}|{STOPPED})_(\d+)\.pth')
BEST = re.compile(r'best_(.+)_(epoch|iter)_(\d+)\.pth')


def numbered(folder: str | Path, kind: str) -> list[tuple[int, Path]]:
    """Checkpoints of a kind by their number, the newest first.

    Args:
        folder: The work dir.
        kind: ``'epoch'``, ``'iter'`` or ``'stopped_iter'``.
    """
    return sorted(((int(match[2]), path) for match, path in _matching(folder, RESUMABLE, kind)), reverse=True)


def best_files(folder: str | Path, metric: str) -> list[Path]:
    """Checkpoints of the best value of a metric, by its name as it stands in their names."""
    return [path for _, path in _matching(folder, BEST, metric)]


def _matching(folder: str | Path, pattern: re.Pattern, first: str) -> list[tuple[re.Match, Path]]:
    """Files whose names match a pattern with this first group."""
    found = [(pattern.fullmatch(path.name), path) for path in Path(folder).glob('*.pth')]
    return [(match, path) for match, path in found if match and match[1] == first]


def run_files(folder: str | Path) -> list[Path]:
    """All checkpoints in a folder that a run wrote there."""
    return [path for path, *_ in with_position(folder)]


def with_position(folder: str | Path) -> list[tuple[Path, str, int]]:
    """All checkpoints in a folder that a run wrote there, the best ones included, with what their names tell.

    Args:
        folder: The work dir.

    Returns:
        File, kind of its number (``'epoch'``, ``'iter'`` or ``'stopped_iter'``) and number, in the order of the names.
    """
    paths = sorted(Path(folder).glob('*.pth'))
    found = [(path, RESUMABLE.fullmatch(path.name) or BEST.fullmatch(path.name)) for path in paths]
    return [(path, match[match.re.groups - 1], int(match[match.re.groups])) for path, match in found if match]


def newest_resumable(folder: str | Path) -> Path | None:
    """The checkpoint of the folder's run that is whole and got furthest. No pointer is needed.

    Args:
        folder: The work dir.

    Returns:
        Its path; None if the folder holds no checkpoint of a run.

    Raises:
        UserError: There are checkpoints, and none to go on from.
    """
    refused: list[str] = []
    heads = [found for kind in (*REGULAR, STOPPED) if (found := _newest_of(folder, kind, refused))]
    for reason in refused:
        warn(f'{reason}; looking for an older one')
    if heads:
        return max(heads)[-1]
    files = run_files(folder)
    if files:
        reason = refused[0] if refused else f'{files[0].name} and the like have weights only'
        raise UserError(
            f'{folder} has {len(files)} checkpoints and none to go on from ({reason}): start anew without --resume, '
            f'which keeps them apart, or from weights with --cfg-options load_from={files[0]}'
        )
    return None


def _newest_of(folder: str | Path, kind: str, refused: list[str]) -> tuple | None:
    return next(((*how_far, path) for path, how_far in _usable(folder, kind, refused)), None)


def _usable(folder: str | Path, kind: str, refused: list[str]) -> Iterator[tuple[Path, tuple[int, float]]]:
    for _, path in numbered(folder, kind):
        try:
            if not is_whole(path):
                raise UserError(f'the checkpoint {path} is damaged')
            checkpoint = load_from_local(path, 'cpu')
            check_resumable(checkpoint, str(path))
        except UserError as error:
            refused.append(str(error))
        else:
            yield path, progress(checkpoint)
