"""The config of a training on a folder, as a file that can be read, changed and trained."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ltcl.engine.starting import files_of_run, logs_of_runs
from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch.config_names import SECTIONS
from ltcl.launch.config_text import text_of
from ltcl.launch.start_options import folder_to_resume
from ltcl.neutral_text import visible
from ltcl.work_dir import AUTO, locked, move_apart

from .starting_weights import fingerprint_of_weights

NAME, RESULT, DRY_RUN = 'config.py', 'result.json', 'dry_run.py'
# Begin the lines that tell images, and files of weights that a run starts from, from others.
IMAGES, WEIGHTS = '# images by name, size and class: ', '# starts from weights by content: '
# Variables that stand in several sections, and the start, which is the business of the command line.
VARIABLES = ('data_root', 'num_classes', 'val_share', 'split_seed', 'max_epochs')
NOT_WRITTEN = ('launcher', 'resume', 'work_dir')


def written(cfg: Config, lines: Sequence[str], images: str = '') -> str:
    """The text of the file.

    Args:
        cfg: The config.
        lines: What was found and chosen.
        images: Fingerprint of the images.
    """
    entries = {key: value for key, value in cfg.to_dict().items() if key in SECTIONS or key in VARIABLES}
    entries = {key: value for key, value in entries.items() if key not in NOT_WRITTEN and not key.startswith('_')}
    command = f'{sys.argv[0]} {shlex.join(sys.argv[1:])}'
    head = [f'# {visible(command)}', *(f'# {visible(line)}' for line in lines)]
    fingerprints = {IMAGES: images, WEIGHTS: fingerprint_of_weights(cfg)}
    head += [*(f'{begin}{value}' for begin, value in fingerprints.items() if value), '#']
    head.append(f'# Train it again: ltcl train {NAME} --work-dir OTHER')
    return '\n'.join(head) + '\n\n' + text_of(entries)


def is_same(path: Path, text: str) -> bool:
    """Whether a file says the same, by whatever command it was written."""
    return path.is_file() and path.read_text(encoding='utf-8').split('\n', 1)[1:] == text.split('\n', 1)[1:]


def has_others(begin: str, folder: Path, text: str) -> bool:
    """Whether the config in the folder of a run was written for other images, or for other weights, than a text.

    Args:
        begin: :data:`IMAGES` or :data:`WEIGHTS`.
        folder: Of the run.
        text: Of a config.
    """
    path = folder / NAME
    before = _line_of(path.read_text(encoding='utf-8'), begin) if path.is_file() else None
    return before is not None and before != _line_of(text, begin)


def line_for_weights(begin: str, folder: Path, cfg: Config) -> str | None:
    """The line with this beginning that the config in the folder of a run has, if it starts from the same weights.

    Args:
        begin: Beginning of the line.
        folder: Of the run.
        cfg: The config that tells the weights.
    """
    path = folder / NAME
    text = path.read_text(encoding='utf-8') if path.is_file() else ''
    if _line_of(text, WEIGHTS) != f'{WEIGHTS}{fingerprint_of_weights(cfg)}':
        return None
    line = _line_of(text, f'# {begin}')
    return line and line.removeprefix('# ')


def _line_of(text: str, begin: str) -> str | None:
    return next((line for line in text.splitlines() if line.startswith(begin)), None)


def run_to_resume(args: argparse.Namespace) -> Path:
    """The folder of the run that ``--resume`` names."""
    path = Path(args.work_dir if args.resume == AUTO else args.resume)
    return path if path.is_dir() else path.parent


def write_config(args: argparse.Namespace, text: str) -> Path:
    """Write the file; an earlier run of another config keeps all of its files in a folder of their own.

    So does one beside which another run goes on in its work dir. A run that goes on has no result until its end. With
    ``--dry-run`` the earlier run stays where it is, and the file gets another name.

    Args:
        args: The command line.
        text: Of the file.

    Raises:
        UserError: Another training is writing to the work dir.
    """
    path = Path(args.work_dir, NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(args.work_dir):
        earlier = [] if _goes_on_here(args, text) else _files_of_earlier_run(args.work_dir)
        if args.dry_run and files_of_run(args.work_dir) and not is_same(path, text):
            path = path.with_name(DRY_RUN)
            print(f'{visible(args.work_dir)} holds another run, which stays as it is')
        elif earlier:
            apart = move_apart(args.work_dir, [*earlier, *logs_of_runs(args.work_dir)])
            print(f'{visible(args.work_dir)} holds another run: its files are now in {visible(apart)}')
        elif not args.dry_run:
            path.with_name(RESULT).unlink(missing_ok=True)
        write_atomic(path, text)
    print(f'config: {visible(path)}', flush=True)
    return path


def _goes_on_here(args: argparse.Namespace, text: str) -> bool:
    """Whether the files in the work dir are those of the run that is to be trained."""
    if args.resume is None or args.dry_run:
        return is_same(Path(args.work_dir, NAME), text)
    return run_to_resume(args).resolve() == Path(args.work_dir).resolve()


def _files_of_earlier_run(work_dir: str) -> list[Path]:
    own = [Path(work_dir, name) for name in (NAME, RESULT)]
    return [*files_of_run(work_dir), *(path for path in own if path.is_file())]


def work_dir_of(args: argparse.Namespace) -> str:
    """The work dir of a training on a folder: the one that is named, or one of the folder's name.

    ``--resume FOLDER`` names it as well. One that goes on with the run of that name, with ``--from``, has ``_2`` behind
    it: what it starts from stays where it is.

    Raises:
        UserError: The named one is that of the run to go on with.
    """
    named = args.work_dir or folder_to_resume(args.resume)
    found = named or str(Path('work_dirs', Path(args.config).resolve().name))
    start = Path(args.start_from or '')
    if not args.start_from or Path(found).resolve() != (start.parent if start.is_file() else start).resolve():
        return found
    if named:
        raise UserError(
            f'the work dir {found} has the run to go on with, --from {args.start_from}: name another with --work-dir'
        )
    return f'{found}_2'
