"""Reading and writing of checkpoint files: data goes in and out, code is never run."""

import os
from io import BufferedIOBase
from pathlib import Path

import torch

from ltcl.errors import UserError

from .file_formats import read_file
from .pickles import Refused
from .whole_files import is_damaged, save_whole

SAFETENSORS = '.safetensors'


def read_checkpoint(path: str | Path, map_location: str | torch.device | None = 'cpu') -> object:
    """What a checkpoint file holds.

    Beside tensors, numbers, text and containers only what :mod:`.plain_objects` and :mod:`.numpy_values` list is read.
    The options of a command line (MAE and GPaCo on ViT store them) become a dict, and so does a log history of
    mmengine: ``log_history``, ``count_history``, ``max_length``. Nothing that a file names is imported or called.

    Args:
        path: The file.
        map_location: Where the tensors go; None is the CPU as well.

    Raises:
        UserError: The file is missing or damaged, or it carries code.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f'checkpoint {path} does not exist: correct the path')
    if path.suffix == SAFETENSORS:
        return _read_safetensors(path, map_location)
    try:
        file = path.open('rb')
    except OSError as error:
        raise UserError(f'checkpoint {path} cannot be read ({error.strerror}): correct its rights') from error
    with file:
        return read_stream(file, path, map_location)


def _read_safetensors(path: Path, map_location: str | torch.device | None) -> dict[str, torch.Tensor]:
    """Tensors by name, of a format that can hold nothing else."""
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise UserError(f"{path} needs the package safetensors: run `pip install 'ltcl[timm]'`") from error
    try:
        return load_file(path, device=str(map_location or 'cpu'))
    except Exception as error:  # its own class of errors, and the system's
        raise UserError(f'checkpoint {path} is damaged or no file of safetensors: get it anew') from error


def read_stream(file: BufferedIOBase, source: str | Path, map_location: str | torch.device | None = 'cpu') -> object:
    """The same for a file that is open, at its beginning.

    Args:
        file: The open file.
        source: What it is called in messages.
        map_location: As :func:`read_checkpoint`.

    Raises:
        UserError: The file is damaged, or it carries code.
    """
    device = torch.device(map_location or 'cpu')
    try:
        return read_file(file, device)
    except Refused as error:
        raise UserError(
            f'checkpoint {source} is refused: beside weights it carries {_shown(str(error))}, and '
            'loading that could run code. Save it anew with weights only, where you trust it'
        ) from error
    except Exception as error:  # whatever a damaged file leads to
        raise UserError(f'checkpoint {source} is damaged or no checkpoint of PyTorch: get it anew') from error


def _shown(name: str) -> str:
    """A name that a file chose, for a message."""
    name = name.removeprefix('builtins.')[:100]
    return name if name.isprintable() else ascii(name)


def load_from_local(filename: str | Path, map_location: str | torch.device | None = None) -> dict:
    """Reader for mmengine's ``CheckpointLoader``, whose own one falls back to running a file's code.

    Raises:
        UserError: As :func:`read_checkpoint`; or the file is one of ours and not as it was written, or it holds
            something else than a dict of weights.
    """
    path = Path(os.path.expanduser(filename))
    if is_damaged(path):
        raise UserError(f'checkpoint {filename} is damaged, its checksum is another: take an older one or get it anew')
    return check_weights(read_checkpoint(path, map_location), filename)


def check_weights(checkpoint: object, source: str | Path) -> dict:
    """The checkpoint, if mmengine can look for weights in it.

    Raises:
        UserError: It is no dict with names, or its ``state_dict`` has something else than tensors.
    """
    if not isinstance(checkpoint, dict):
        raise UserError(f'checkpoint {source} holds a {type(checkpoint).__name__}, not a dict of weights: give another')
    weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict) or not all(map(_is_name, [*checkpoint, *weights])):
        raise UserError(f'checkpoint {source} has weights without names: give another file')
    strangers = [name for name, value in weights.items() if not isinstance(value, torch.Tensor)]
    if weights is not checkpoint and any(not name.endswith('_extra_state') for name in strangers):
        raise UserError(f'checkpoint {source} has entries that are no tensors: {", ".join(strangers[:6])}')
    return checkpoint


def _is_name(key: object) -> bool:
    return isinstance(key, str) and key.isprintable()


def write_checkpoint(path: str | Path, checkpoint: dict) -> None:
    """Write a checkpoint where a person wants it, whole or not at all.

    Raises:
        UserError: The place cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_whole(path, checkpoint)
    except OSError as error:
        raise UserError(f'cannot write {path} ({error.strerror or error}): choose another place with --out') from error
