"""Targets on disk: a user's own file, and a cache of those that were searched."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ltcl.checkpoints.reading import read_checkpoint
from ltcl.errors import UserError
from ltcl.files import atomic_file, cache_folder

from .uniform_targets import uniform_targets

SUFFIXES = ('.npy', '.pt')


def checked_suffix(path: str | Path) -> Path:
    """The path, if its suffix is one that targets are stored under.

    Raises:
        UserError: It is not.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise UserError(f'targets file {path} must end in {" or ".join(SUFFIXES)}')
    return path


def save_targets(path: str | Path, targets: Tensor) -> None:
    """Write targets as float32, whole or not at all.

    Args:
        path: A ``.npy`` or ``.pt`` file; its folder is made if it is missing.
        targets: Unit rows, shape (num_classes, feat_dim).

    Raises:
        UserError: Another suffix, or a place that cannot be written to.
    """
    path = checked_suffix(path)
    targets = targets.detach().cpu().float().contiguous()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            if path.suffix == '.npy':
                np.save(file, targets.numpy())
            else:
                torch.save(targets, file)
    except OSError as error:
        raise UserError(f'cannot write {path} ({error.strerror}): choose a place that can be written to') from error


def load_targets(path: str | Path, num_classes: int, feat_dim: int) -> Tensor:
    """Read targets from a file and check that they fit.

    Args:
        path: A ``.npy`` or ``.pt`` file that holds one array or tensor. No code of the file is run.
        num_classes: Expected number of targets.
        feat_dim: Expected width.

    Returns:
        Targets, float32, shape (num_classes, feat_dim).

    Raises:
        UserError: The file is missing, unreadable, of another shape, or its rows are not unit vectors.
    """
    path = checked_suffix(path)
    if not path.is_file():
        raise UserError(f'targets file {path} does not exist: make it with `ltcl targets`')
    try:
        if path.suffix == '.npy':
            found: Any = torch.from_numpy(np.load(path, allow_pickle=False))
        else:
            found = read_checkpoint(path)
        targets = found.detach().float()
    except Exception as error:  # the readers raise whatever a damaged file leads them to
        raise UserError(f'targets file {path} is not readable as one array of numbers: make it anew') from error
    if targets.shape != (num_classes, feat_dim):
        raise UserError(
            f'targets file {path} has shape {tuple(targets.shape)} but num_classes={num_classes} and '
            f'feat_dim={feat_dim} are needed: change the config or use another file'
        )
    if not torch.allclose(targets.norm(dim=1), torch.ones(num_classes), atol=1e-4):
        raise UserError(f'targets file {path} has rows that are not unit vectors: normalise them')
    return targets


def cached_uniform_targets(num_classes: int, feat_dim: int, seed: int = 0) -> Tensor:
    """:func:`uniform_targets`, searched once per machine.

    A search is kept in ``$XDG_CACHE_HOME/ltcl`` or ``~/.cache/ltcl``. A file that is damaged is made anew, and without
    a place to write nothing is kept.

    Args:
        num_classes: Number of targets.
        feat_dim: Width of a target.
        seed: Seed of the search.

    Returns:
        Targets, float32, shape (num_classes, feat_dim).
    """
    if num_classes <= feat_dim + 1:  # a closed form
        return uniform_targets(num_classes, feat_dim, seed)
    path = cache_folder() / f'uniform_targets_{num_classes}x{feat_dim}_seed{seed}.npy'
    try:
        return load_targets(path, num_classes, feat_dim)
    except UserError:
        targets = uniform_targets(num_classes, feat_dim, seed)
    try:
        save_targets(path, targets)
    except UserError:
        return targets  # the result is right all the same, the next run only searches again
    return targets
