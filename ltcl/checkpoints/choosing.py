"""The checkpoint that a run is used by: the best one, else the newest."""

import os
from pathlib import Path

from ltcl.errors import UserError
from ltcl.similar_paths import meant_path

from .finding import BEST, newest_resumable


def checkpoint_of(run: str | Path) -> Path:
    """The checkpoint of a run.

    Args:
        run: A work dir, of which the best checkpoint is taken, or the newest whole one where there is no best; or a
            checkpoint file.

    Raises:
        UserError: There is no such file or folder, no checkpoint in the folder, or one for each of several metrics.
    """
    path = Path(os.path.expanduser(run))
    if path.is_file():
        if path.suffix == '.py':
            raise UserError(f'{run} is a config: name the work dir of its training, or a checkpoint in it')
        return path
    if not path.is_dir():
        raise UserError(
            f'{run} does not exist: {meant_path(run, "name the work dir of a training, or a checkpoint in it")}'
        )
    best = sorted((match[1], int(match[3]), match.string) for match in map(BEST.fullmatch, os.listdir(path)) if match)
    if len({metric for metric, *_ in best}) > 1:
        raise UserError(f'{run} has the best checkpoints of several metrics: name one, such as {path / best[0][-1]}')
    # While a better one is written, its predecessor is still there.
    found = path / best[-1][-1] if best else newest_resumable(path)
    if found is None:
        raise UserError(f'{run} has no checkpoint: name the work dir of a training, or a checkpoint file')
    return found
