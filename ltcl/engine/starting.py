"""What a training starts from, and what becomes of the files that lie in its work dir."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mmengine.dist import broadcast_object_list, get_world_size, is_main_process

from ltcl.analysis.run_report import METRICS_FILE
from ltcl.analysis.tested_files import OWN_TEST, prefix_of_test
from ltcl.checkpoints.finding import STOPPED, newest_resumable, run_files, with_position
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.run_state import meta_of
from ltcl.errors import UserError
from ltcl.feature_space.files import JSON_FILE as FEATURES_FILE
from ltcl.feature_space.pictures import PICTURES
from ltcl.files import PARTIAL, remove_partials
from ltcl.notices import note, warn
from ltcl.report.run_files import PREDICTIONS_FILE, reports_of_tests
from ltcl.work_dir import AUTO, POINTER, move_apart

from .agreement import any_process
from .bad_step import FILE as NOT_FINITE_FILE

TEST_FILES = (METRICS_FILE, 'per_class.csv', 'per_class.png', 'predictions.png')
PAGE_FILES = (PREDICTIONS_FILE, 'report.html')
REPORT_FILES = (
    *(f'{prefix}{name}' for prefix in ('', prefix_of_test(OWN_TEST)) for name in TEST_FILES),
    *PAGE_FILES,
    *('training_curves.png', 'test_config.json', 'analysis.json', 'analysis_classes.csv'),
    *(FEATURES_FILE, *PICTURES, NOT_FINITE_FILE),
)
"""What commands write of a run into its work dir."""


@dataclass(frozen=True)
class Start:
    """What a training starts from.

    Attributes:
        is_resumed: Whether it goes on with a run.
        checkpoint: File of its weights, and of its state if it is resumed; None for neither.
    """

    is_resumed: bool
    checkpoint: str | None


def require_shared(work_dir: str) -> None:
    """Look whether the work dir of each process is that of the main one.

    Raises:
        UserError: It is not, on all processes.
    """
    if get_world_size() == 1:
        return
    with contextlib.ExitStack() as stack:
        name = ['']
        if is_main_process():
            file = stack.enter_context(tempfile.NamedTemporaryFile(dir=work_dir, prefix='.', suffix=PARTIAL))
            name = [Path(file.name).name]
        broadcast_object_list(name)
        is_apart = any_process(not Path(work_dir, name[0]).exists())
    if is_apart:
        raise UserError(
            f'the work dir {work_dir} is not one folder for all processes: name one that all machines share with '
            '--work-dir'
        )


def start_of_run(work_dir: str, resume: bool | str, load_from: str | None, logs: str = '') -> Start:
    """Decide what to start from and put the work dir in order; the main process does, the others are told.

    A run that goes on in its own work dir leaves its files where they are, but for those that are newer than the
    checkpoint: the run went back and will write these anew. In all other cases the files of the run that lie there are
    moved apart, its logs with them.

    Args:
        work_dir: The work dir.
        resume: False starts anew; ``'auto'`` takes the newest checkpoint of the work dir; True takes ``load_from`` or,
            without one, the newest as well.
        load_from: File of weights or of the run to resume, or the work dir of the run to resume.
        logs: Name of the folder in the work dir that has the logs of the run that starts; it stays.

    Raises:
        UserError: There are checkpoints in the folder to resume from, and none is whole.
    """
    answer: list = [None]
    if is_main_process():
        remove_partials(work_dir)
        start = _find_start(work_dir, resume, load_from)
        answer = [_with_files_apart(work_dir, start, logs)]
    broadcast_object_list(answer)
    return answer[0]


def _find_start(work_dir: str, resume: bool | str, load_from: str | None) -> Start:
    if not resume:
        return Start(False, load_from)
    folder = work_dir if resume == AUTO or load_from is None else load_from
    if not Path(folder).is_dir():
        return Start(True, load_from)
    newest = newest_resumable(folder)
    if newest is None:
        note(f'There is no checkpoint to resume in {folder}: the training starts anew')
        return Start(False, load_from if resume == AUTO else None)
    note(f'Going on from {newest}')
    return Start(True, str(newest))


def _with_files_apart(work_dir: str, start: Start, logs: str) -> Start:
    checkpoint = None if start.checkpoint is None else Path(start.checkpoint).resolve()
    goes_on = start.is_resumed and checkpoint is not None and checkpoint.parent == Path(work_dir).resolve()
    files = _newer_files(str(start.checkpoint)) if goes_on else files_of_run(work_dir)
    if not files:
        return start
    folder = move_apart(work_dir, files if goes_on else [*files, *logs_of_runs(work_dir, logs)])
    what = f'{len(files)} files that are newer than {start.checkpoint}' if goes_on else 'the files of an earlier run'
    warn(f'{work_dir} holds {what}: they are now in {folder}')
    if checkpoint is None or checkpoint not in [path.resolve() for path in files]:
        return start
    return Start(start.is_resumed, str(folder / Path(str(start.checkpoint)).name))


def files_of_run(work_dir: str) -> list[Path]:
    """What an earlier run wrote into the top of its work dir; reports without a checkpoint are no run."""
    others = [Path(work_dir, name) for name in (POINTER, *REPORT_FILES)]
    others += [path for report in reports_of_tests(work_dir) for path in _files_beside(report)]
    robustness = sorted(path for suffix in ('json', 'csv') for path in Path(work_dir).glob(f'robustness_*.{suffix}'))
    return [*run_files(work_dir), *dict.fromkeys(path for path in (*others, *robustness) if path.is_file())]


def _files_beside(report: Path) -> list[Path]:
    """What a test may have written, by the file of its figures."""
    prefix = report.name.removesuffix(METRICS_FILE)
    return [report.with_name(f'{prefix}{name}') for name in (*TEST_FILES, *PAGE_FILES)]


def logs_of_runs(work_dir: str, but: str = '') -> list[Path]:
    """The folders of logs and figures in a work dir, of which the page of a run draws its curves.

    Args:
        work_dir: The work dir.
        but: Name of one to leave out.
    """
    return sorted(path.parent for path in Path(work_dir).glob('*/vis_data') if path.parent.name != but)


def _newer_files(checkpoint: str) -> list[Path]:
    meta = meta_of(load_from_local(checkpoint, 'cpu'))
    last = {'epoch': meta.get('epoch', 0), 'iter': meta.get('iter', 0), STOPPED: meta.get('iter', 0)}
    found = with_position(Path(checkpoint).resolve().parent)
    return [path for path, kind, number in found if number > last[kind]]
