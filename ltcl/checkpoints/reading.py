"""Reading and writing of checkpoint files: data goes in and out, code is never run."""

import os
import tempfile
from pathlib import Path

import torch

from ltcl.errors import UserError

from .file_formats import read_file
from .pickles import Refused


def read_checkpoint(path: str | Path, map_location: str | torch.device | None = 'cpu') -> object:
    """What a checkpoint file holds.

    Beside tensors, numbers, text and containers only what :mod:`.plain_objects` and :mod:`.numpy_values` list is read.
    The options of a command line (MAE and GPaCo on ViT store them) become a dict, and so does a log history of mmengine:
    ``log_history``, ``count_history`` and ``max_length``. Nothing that a file names is imported or called.

    Args:
        path: The file.
        map_location: Where the tensors go; None is the CPU as well.

    Raises:
        UserError: The file is missing or damaged, or it carries code.
    """
    device = torch.device(map_location or 'cpu')
    path = Path(path)
    if not path.is_file():
        raise UserError(f'checkpoint {path} does not exist: correct the path')
    try:
        file = path.open('rb')
    except OSError as error:
        raise UserError(f'checkpoint {path} cannot be read ({error.strerror}): correct its rights') from error
    try:
        with file:
            return read_file(file, device)
    except Refused as error:
        raise UserError(
            f'checkpoint {path} is refused: beside weights it carries {str(error).removeprefix("builtins.")}, and '
            'loading that could run code. Save it anew with weights only, where you trust it'
        ) from error
    except Exception as error:  # whatever a damaged file leads to
        raise UserError(f'checkpoint {path} is damaged or no checkpoint of PyTorch: get it anew') from error


def load_from_local(filename: str | Path, map_location: str | torch.device | None = None) -> dict:
    """Reader for mmengine's ``CheckpointLoader``, whose own one falls back to running a file's code.

    Raises:
        UserError: As :func:`read_checkpoint`; or the file holds something else than a dict of weights.
    """
    return read_checkpoint(Path(filename).expanduser(), map_location)


def write_checkpoint(path: str | Path, checkpoint: dict) -> None:
    """Write a checkpoint whole or not at all.

    Raises:
        UserError: The place cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            new = Path(folder, path.name)
            torch.save(checkpoint, new)
            os.replace(new, path)
    except OSError as error:
        raise UserError(f'cannot write {path} ({error.strerror}): choose another place with --out') from error
