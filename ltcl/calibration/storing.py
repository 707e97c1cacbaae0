"""A calibration in the checkpoint that it belongs to."""

from pathlib import Path

from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.run_state import CALIBRATION_KEY, meta_of
from ltcl.checkpoints.whole_files import save_whole
from ltcl.errors import UserError
from ltcl.work_dir import locked

from .record import Calibration


def store(path: Path, calibration: Calibration) -> None:
    """Put a calibration into a checkpoint, in the place of an earlier one; nothing else in it changes.

    Raises:
        UserError: The file cannot be read or written, or a training writes to its folder.
    """
    with locked(path.resolve().parent):
        checkpoint = load_from_local(path)
        meta = {**meta_of(checkpoint), CALIBRATION_KEY: calibration.to_plain()}
        _write(path, {**checkpoint, 'meta': meta})


def take_out(path: Path) -> None:
    """Remove the calibration of a checkpoint, which then is as before.

    Raises:
        UserError: It has none, cannot be read or written, or a training writes to its folder.
    """
    with locked(path.resolve().parent):
        checkpoint = load_from_local(path)
        meta = meta_of(checkpoint)
        if meta.pop(CALIBRATION_KEY, None) is None:
            raise UserError(f'{path} has no calibration to take out')
        _write(path, {**checkpoint, 'meta': meta})


def _write(path: Path, checkpoint: dict) -> None:
    try:
        save_whole(path, checkpoint)
    except OSError as error:
        raise UserError(
            f'cannot write {path} ({error.strerror or error}); it is as it was: make room, or copy it to a place that '
            'can be written to'
        ) from error
