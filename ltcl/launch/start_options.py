"""What the options of a training set in its config: where it goes on, and its precision."""

from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.work_dir import AUTO

OF_FLOAT16 = ('loss_scale', 'dtype', 'use_fsdp')
"""Arguments of mmengine's ``AmpOptimWrapper`` alone."""


def resume_from(cfg: Config, resume: str | None, work_dir: str | None) -> None:
    """Set what ``--resume`` stands for: the newest checkpoint of the work dir, a checkpoint, or the run in a folder.

    A run that is named by its folder goes on there, unless ``--work-dir`` names another.

    Args:
        cfg: The config, changed in place.
        resume: Value of ``--resume``; None to start anew, from the config's ``load_from`` if it has one.
        work_dir: Value of ``--work-dir``.

    Raises:
        UserError: There is no such file or folder.
    """
    if resume is None:
        return
    check_resume(resume)
    cfg.resume = AUTO if resume == AUTO else True
    if resume == AUTO:
        return
    cfg.load_from = resume
    folder = folder_to_resume(resume)
    if folder is not None and work_dir is None:
        cfg.work_dir = folder


def folder_to_resume(resume: str | None) -> str | None:
    """The folder of a run that ``--resume`` names; None where it names a checkpoint, or nothing.

    Args:
        resume: Value of ``--resume``.
    """
    return resume if resume and resume != AUTO and Path(resume).is_dir() else None


def check_resume(resume: str) -> None:
    """Refuse a value of ``--resume`` that names nothing.

    Raises:
        UserError: There is no such file or folder.
    """
    if resume != AUTO and not Path(resume).exists():
        raise UserError(f'--resume {resume}: no such checkpoint; --resume {AUTO} takes the newest of the work dir')


def set_precision(cfg: Config, amp: str | None) -> None:
    """Set what ``--amp`` stands for.

    Args:
        cfg: The config, changed in place.
        amp: 'bfloat16', 'float16' or None, which changes nothing.
    """
    if amp == 'bfloat16':
        cfg.optim_wrapper.type = 'ltcl.Bfloat16OptimWrapper'
        for name in OF_FLOAT16:
            cfg.optim_wrapper.pop(name, None)
    elif amp == 'float16':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
