"""Reading and writing of checkpoint files: data goes in and out, code is never run."""

import argparse
import os
import pickle
import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

from ltcl.errors import UserError

_CORE = np._core if hasattr(np, '_core') else np.core
# NumPy renamed the module that its pickles name; a file may come from either side.
NUMPY_TYPES = [
    *((getattr(_CORE.multiarray, name), f'numpy.{core}.multiarray.{name}') for core in ('core', '_core')
      for name in ('scalar', '_reconstruct')),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ('bool', 'int32', 'int64', 'uint32', 'float16', 'float32', 'float64')),
]  # fmt: skip
FOREIGN_TYPES = [*NUMPY_TYPES, argparse.Namespace]
# A run's log history names its statistics through getattr.
RUN_TYPES = [*FOREIGN_TYPES, HistoryBuffer, getattr]


def read_checkpoint(path: str | Path, map_location: object = 'cpu', safe_types: list = FOREIGN_TYPES) -> object:
    """What a checkpoint file holds.

    Beside tensors, numbers, text and containers only a short list of harmless types is read: NumPy's arrays and
    numbers, and the options of a command line (MAE and GPaCo on ViT store them).

    Args:
        path: The file.
        map_location: Where the tensors go, as in ``torch.load``.
        safe_types: Types that may occur in it, as in ``torch.serialization.safe_globals``.

    Raises:
        UserError: The file is missing or damaged, or it carries code.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f'checkpoint {path} does not exist: correct the path')
    try:
        with torch.serialization.safe_globals(safe_types):
            return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        if not re.search('GLOBAL|allowlisted|unrecognized function', str(error)):
            raise _damaged(path) from error
        named = re.search(r'GLOBAL (\S+)', str(error))
        raise UserError(
            f'checkpoint {path} is refused: beside weights it carries {named[1] if named else "calls"}, and loading '
            'that could run code. Save it anew with weights only, where you trust it'
        ) from error
    except Exception as error:  # the readers raise whatever a damaged file leads them to
        raise _damaged(path) from error


def _damaged(path: Path) -> UserError:
    return UserError(f'checkpoint {path} is damaged or no checkpoint of PyTorch: get it anew')


def load_from_local(filename: str | Path, map_location: object = None) -> dict:
    """Reader for mmengine's ``CheckpointLoader``, whose own one falls back to running a file's code.

    Raises:
        UserError: As :func:`read_checkpoint`.
    """
    return read_checkpoint(Path(filename).expanduser(), map_location, RUN_TYPES)


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
