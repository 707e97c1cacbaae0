"""The config of a training on a folder, as a file that can be read, changed and trained."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ltcl.files import write_atomic
from ltcl.launch.config_names import SECTIONS
from ltcl.launch.config_text import text_of
from ltcl.neutral_text import visible
from ltcl.work_dir import move_apart

NAME, RESULT = 'config.py', 'result.json'
# Variables that stand in several sections, and the start, which is the business of the command line.
VARIABLES = ('data_root', 'num_classes', 'val_share', 'split_seed', 'max_epochs')
NOT_WRITTEN = ('launcher', 'resume', 'work_dir')


def written(cfg: Config, lines: Sequence[str]) -> str:
    """The text of the file.

    Args:
        cfg: The config.
        lines: What was found and chosen.
    """
    entries = {key: value for key, value in cfg.to_dict().items() if key in SECTIONS or key in VARIABLES}
    entries = {key: value for key, value in entries.items() if key not in NOT_WRITTEN and not key.startswith('_')}
    command = f'{sys.argv[0]} {shlex.join(sys.argv[1:])}'
    head = [f'# {visible(command)}', *(f'# {visible(line)}' for line in lines), '#']
    head.append(f'# Train it again: ltcl train {NAME} --work-dir OTHER')
    return '\n'.join(head) + '\n\n' + text_of(entries)


def is_same(path: Path, text: str) -> bool:
    """Whether a file says the same, by whatever command it was written."""
    return path.is_file() and path.read_text(encoding='utf-8').split('\n', 1)[1:] == text.split('\n', 1)[1:]


def put_in_place(work_dir: str, text: str, earlier: Sequence[Path]) -> Path:
    """Write the file; an earlier run of another config keeps all of its files in a folder of their own.

    Args:
        work_dir: The work dir.
        text: Of the file.
        earlier: Files of the earlier run that are to be moved.
    """
    path = Path(work_dir, NAME)
    os.makedirs(work_dir, exist_ok=True)
    if earlier:
        print(f'{visible(work_dir)} holds another run: its files are now in {visible(move_apart(work_dir, earlier))}')
    write_atomic(path, text)
    return path


def work_dir_of(args: argparse.Namespace) -> str:
    """The work dir of a training on a folder: the one that is named, or one of the folder's name."""
    return args.work_dir or str(Path('work_dirs', Path(args.config).resolve().name))
