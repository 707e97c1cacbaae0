"""Validation images that are drawn from the training images of a run, where its folder has changed since."""

from pathlib import Path
from typing import Any

from ltcl.errors import UserError
from ltcl.neutral_text import visible

DRAWN_ANEW = 'drawn_anew'
"""Key of a report whose run, resumed after its folder had changed, has trained on images that it leaves out now."""


def told_images(checkpoint: str | Path, part: str) -> dict | None:
    """Number and fingerprint of the images of a run, as the report beside its checkpoint tells them.

    Args:
        checkpoint: That of the run.
        part: ``'train'`` or ``'val'``.

    Returns:
        What :func:`~ltcl.datasets.set_fingerprint.describe_set` found then, and ``DRAWN_ANEW`` where it holds; None:
        nothing is told.
    """
    from ltcl.analysis.run_report import METRICS_FILE
    from ltcl.report.run_files import read_json

    try:
        return (read_json(Path(checkpoint).parent / METRICS_FILE).get('data') or {}).get(part)
    except UserError:  # it is damaged
        return None


def are_drawn(dataset: Any) -> bool:
    """Whether images of a data set, built, are drawn from those of the training folder."""
    from ltcl.datasets.image_checks import leaves

    return any(getattr(leaf, 'is_drawn', False) for leaf in leaves(dataset))


def is_drawn_anew(dataset: Any, checkpoint: str | Path) -> bool:
    """Whether images are drawn for validation, and are others than those that the training of a run left out.

    Args:
        dataset: The data set, built; None is none.
        checkpoint: That of the run.
    """
    from ltcl.datasets.set_fingerprint import describe_set

    if dataset is None or not are_drawn(dataset):
        return False
    told = told_images(checkpoint, 'val')
    return told is not None and describe_set(dataset) != told


def words_on_new_draw(run: str | Path, is_sure: bool = True) -> str:
    """What to tell of figures on such images.

    Args:
        run: Name of the run.
        is_sure: Whether the folder is that of the run; another one may hold the same images.
    """
    was, are = ('was', 'are') if is_sure else ('may have been', 'would be')
    return (
        f'the validation is drawn anew, and {visible(run)} {was} trained on some of its images: figures {are} too '
        'good, and comparisons unfair. Images of a part of their own, test/ beside train/, tell the truth, and lists '
        'of `ltcl data split` stay as they are from run to run'
    )


def warn_of_new_draw(dataset: Any, checkpoint: str | Path, run: str | Path, is_sure: bool = True) -> None:
    """Tell that a run was trained on images that are to measure it.

    Args:
        dataset: Those that are to measure it.
        checkpoint: That of the run.
        run: Its name, for the message.
        is_sure: Whether they are of the folder that the run was trained on; those of a config may not be.
    """
    from ltcl.notices import warn

    if is_drawn_anew(dataset, checkpoint):
        warn(words_on_new_draw(run, is_sure))
