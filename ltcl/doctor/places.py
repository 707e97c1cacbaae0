"""Where files go and come from: work dir, caches, data sets."""

import shlex
import shutil
from pathlib import Path

from ltcl.catalogue import data_roots
from ltcl.errors import UserError
from ltcl.files import cache_folder
from ltcl.launch import import_mmpretrain
from ltcl.work_dir import require_writable

from .finding import Finding, State

GIB = 2**30
MIB = 2**20
LITTLE_DISK = 2 * GIB


def check_places(work_dir: Path) -> list[Finding]:
    """Disk, caches and data sets.

    Args:
        work_dir: Where runs are to be written; it may not exist yet.
    """
    return [check_disk(work_dir), *check_caches(), *check_data()]


def check_disk(work_dir: Path) -> Finding:
    """Whether checkpoints can be written.

    Args:
        work_dir: Where they are to be written.
    """
    try:
        require_writable(work_dir)
    except UserError as error:
        return Finding(State.BROKEN, 'work dir', str(error))
    existing = next(each for each in (work_dir.absolute(), *work_dir.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    text = f'{free / GIB:.1f} GiB free for {work_dir}'
    if free < LITTLE_DISK:
        return Finding(State.WARNING, 'work dir', text, 'make room, or name another place with --work-dir')
    return Finding(State.OK, 'work dir', text)


def check_caches() -> list[Finding]:
    """What ltcl and torch keep for the next run, and how large it is."""
    import torch

    folder = cache_folder()
    kept = sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
    hub = Path(torch.hub.get_dir(), 'checkpoints')
    found = [_size_of(each) for each in [*kept, hub] if each.is_dir()]
    try:
        require_writable(folder)
    except UserError:
        text = f'{folder} cannot be written to'
        found.append(Finding(State.WARNING, 'cache', text, 'set XDG_CACHE_HOME to a folder of your own'))
    return found or [Finding(State.OK, 'cache', f'nothing is kept yet in {folder}')]


def _size_of(folder: Path) -> Finding:
    size = sum(each.stat().st_size for each in folder.rglob('*') if each.is_file() and not each.is_symlink())
    return Finding(State.OK, 'cache', f'{size / MIB:,.0f} MiB in {folder}', 'may be deleted at any time')


def check_data() -> list[Finding]:
    """Which data sets of the configs are there; only what is wrong with one that is there is a warning."""
    roots = data_roots()
    found = [_data_set(name, Path(root)) for name, root in roots.items() if Path(root).is_dir()]
    absent = [name for name, root in roots.items() if not Path(root).is_dir()]
    if absent:
        text = f'not here: {", ".join(absent)}'
        found.append(Finding(State.NOTE, 'data', text, 'docs/datasets.md says where each is obtained'))
    return found


def _data_set(name: str, root: Path) -> Finding:
    """What a data set that is there lacks; one of class folders is not counted, which may take minutes."""
    import_mmpretrain()
    from ltcl.datasets.check_published import check_set
    from ltcl.datasets.published import PUBLISHED

    if name not in PUBLISHED:
        return Finding(State.OK, 'data', f'{name} in {root}')
    published = PUBLISHED[name]
    is_counted = published.reader or all(part.source.endswith('.txt') for part in published.parts.values())
    if is_counted:
        problems = [problem for finding in check_set(published, root) for problem in finding.problems]
    else:
        parts = published.parts.values()
        problems = [f'{root / each.source} is missing' for each in parts if not (root / each.source).exists()]
    if problems:
        more = f' and {len(problems) - 1} more' if len(problems) > 1 else ''
        advice = f'`ltcl data check {name} {shlex.quote(str(root))}` lists all'
        return Finding(State.WARNING, 'data', f'{name}: {problems[0]}{more}', advice)
    return Finding(State.OK, 'data', f'{name} in {root}' + (', as published' if is_counted else ''))
