"""What it takes to do a run again, and what an earlier run left."""

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import BaseLoop, Runner

import ltcl
from ltcl.analysis.git_state import git_state
from ltcl.analysis.run_report import METRICS_FILE
from ltcl.datasets.set_fingerprint import describe_set
from ltcl.launch.drawn_anew import DRAWN_ANEW, are_drawn

from .run_logs import warn_only

PROJECT_ROOT = Path(ltcl.__file__).resolve().parents[1]


def earlier_reports(runner: Runner) -> Iterator[dict]:
    """Reports that lie where the resumed run wrote: in the work dir or beside its checkpoint."""
    folders = {Path(runner.work_dir).resolve()}
    if runner._load_from:
        folders.add(Path(runner._load_from).resolve().parent)
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            yield json.loads((folder / METRICS_FILE).read_text(encoding='utf-8'))


def describe_run(runner: Runner, earlier: Sequence[dict] = (), **loops: BaseLoop | None) -> dict[str, Any]:
    """Seed, code, data and configuration: what it takes to do the run again.

    Args:
        runner: The runner.
        earlier: Reports of the run that this one resumes.
        loops: The loops of the parts whose images are told.
    """
    name, text = runner.cfg.filename, ''
    with warn_only(runner, 'The report lacks the configuration'):
        text = runner.cfg.pretty_text
    if name and not Path(name).exists():  # a checkpoint carries it
        name = None
    if name and Path(name).resolve().is_relative_to(PROJECT_ROOT):
        name = str(Path(name).resolve().relative_to(PROJECT_ROOT))
    return {
        'command': f'{sys.argv[0]} {shlex.join(sys.argv[1:])}',
        'seed': runner.seed,
        **git_state(PROJECT_ROOT),
        'versions': {'ltcl': ltcl.__version__, 'torch': torch.__version__},
        'data': _describe_data(runner, earlier, loops),
        'config_file': name,
        'config': text,
    }


def _describe_data(runner: Runner, earlier: Sequence[dict], loops: dict[str, BaseLoop | None]) -> dict[str, dict]:
    found = {}
    with warn_only(runner, 'The report lacks the fingerprint of the data'):
        for name, loop in loops.items():
            if loop is not None:
                found[name] = describe_set(loop.dataloader.dataset)
        before = [images for report in earlier if (images := (report.get('data') or {}).get('val'))]
        if (val := loops.get('val')) and are_drawn(val.dataloader.dataset) and before.count(found['val']) < len(before):
            found['val'][DRAWN_ANEW] = True
    return found
