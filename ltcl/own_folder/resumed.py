"""Whether what a command asks for is the training that it is to go on with."""

import argparse
import ast
import sys
from pathlib import Path

from ltcl.checkpoints.finding import run_files
from ltcl.errors import UserError
from ltcl.launch.start_options import check_resume
from ltcl.neutral_text import visible

from .config_file import IMAGES, NAME, WEIGHTS, has_others, run_to_resume


def check_resumed(args: argparse.Namespace, text: str) -> None:
    """Look at the run that ``--resume`` names, before any of its files is written.

    Args:
        args: The command line; images and weights that have changed since are told.
        text: Of the config that is to be trained.

    Raises:
        UserError: There is no such run, or it has another model.
    """
    check_resume(args.resume)
    folder = run_to_resume(args)
    if run_files(folder):
        _refuse_another_model(folder / NAME, text)
    if has_others(IMAGES, folder, text):
        print(
            f'warning: the images of {visible(args.config)} have changed since this run began: where validation is '
            'drawn from them, its figures may be of images that were trained on. Without --resume it trains anew',
            file=sys.stderr,
        )
    if has_others(WEIGHTS, folder, text):
        print(
            'warning: the weights that this run started from are others now, and it goes on from its own checkpoint. '
            'Without --resume it trains anew',
            file=sys.stderr,
        )


def _refuse_another_model(path: Path, text: str) -> None:
    if not path.is_file():
        return
    if _model_of(path.read_text(encoding='utf-8')) != _model_of(text):
        raise UserError(
            f'--resume: the run in {visible(path.parent)} has another model than these options ask for. Its command is '
            f'in the first line of {visible(path)}: give the same options, or leave --resume out to train anew'
        )


def _model_of(text: str) -> str | None:
    """The model in the text of a config, however its lines are broken; the config is not run."""
    try:
        sections = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    except SyntaxError:
        return None
    models = [
        each.value for each in sections if isinstance(each.targets[0], ast.Name) and each.targets[0].id == 'model'
    ]
    return ast.dump(models[-1]) if models else None
