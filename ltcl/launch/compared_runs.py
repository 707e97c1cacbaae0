"""The trainings of a comparison: what each was asked for, and how they end with it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.neutral_text import visible
from ltcl.shipped import find_config

from .configs import load_config, set_options
from .nodes import below
from .values import check_values

ASKED_FILE = 'asked.json'
COMMAND = (sys.executable, '-m', 'ltcl')


def check_configs(configs: Sequence[str]) -> None:
    """Every config has a folder of its own in the comparison, which is named after it.

    Raises:
        UserError: Two of them have one name, or are one file.
    """
    known: dict[str, str] = {}
    for config in configs:
        stem = find_config(config).stem
        if stem in known:
            other = known[stem]
            what = 'is named twice' if find_config(other) == find_config(config) else f'and {other} have one name'
            raise UserError(f'{config} {what}: runs and rows of the table are named {stem}, so give each its own')
        known[stem] = config


def settings_of(config: str, options: Mapping[str, str]) -> dict[str, object]:
    """All that a run is asked for: the entries of its config by their dotted keys, options included.

    Args:
        config: Its config.
        options: ``--cfg-options``; those for sections that a config without training lacks are left out.

    Raises:
        UserError: A config or an option that no run could have.
    """
    cfg = config_with(config, options)
    cfg.pop('work_dir', None)  # a run has that of the comparison
    check_values(cfg)
    return {key: value for key, value in below(cfg.to_dict()) if not isinstance(value, dict | list | tuple)}


def config_with(config: str, options: Mapping[str, str]) -> Config:
    """A config as a run has it: with the options of the comparison that :func:`fitting` leaves."""
    cfg = load_config(config, with_imports=False)
    return set_options(cfg, fitting(cfg, options), with_imports=False)


def fitting(cfg: Mapping, options: Mapping[str, str]) -> dict[str, str]:
    """The options without those about training where a config has none."""
    return {key: value for key, value in options.items() if cfg.get(key.split('.')[0], key) is not None}


def check_settings(folder: Path, settings: Mapping[str, object]) -> None:
    """Refuse to show or to go on with a run of other settings; note those of a new one.

    Args:
        folder: Work dir of the run.
        settings: From :func:`settings_of`.

    Raises:
        UserError: What lies there was asked for with other settings.
    """
    path = folder / ASKED_FILE
    now = json.loads(json.dumps(settings, default=str))
    is_begun = (folder / 'metrics.json').is_file() or any(folder.glob('*.pth'))
    if path.is_file() and is_begun:
        before = json.loads(path.read_text(encoding='utf-8'))
        changed = [key for key in {**before, **now} if before.get(key, path) != now.get(key, path)]
        if changed:
            then, since = (repr(each[changed[0]]) if changed[0] in each else 'not set' for each in (before, now))
            more = f' and {len(changed) - 1} more' if len(changed) > 1 else ''
            raise UserError(
                f'{visible(folder)} holds a run of other settings ({changed[0]}{more}: {then} then, {since} now): '
                'give another --work-dir, or remove that folder'
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(now, indent=1))


class RunProcesses:
    """Processes of trainings that are told to save and to end when this one is stopped.

    Args:
        threads: CPU threads of each.
    """

    def __init__(self, threads: int) -> None:
        self.environment = {**os.environ, 'OMP_NUM_THREADS': str(threads)}
        self._running: list[subprocess.Popen] = []
        self._is_stopped = False

    def run(self, words: Sequence[str], log: Path) -> int:
        """Run a command of ``ltcl`` to its end, its output added to a file; returns its exit status."""
        if self._is_stopped:
            return 128 + signal.SIGTERM
        with log.open('a') as output:
            command = [*COMMAND, *words]
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=self.environment)
            self._running.append(process)
            if self._is_stopped:
                process.terminate()
            status = process.wait()
            self._running.remove(process)
            return status

    def stop(self) -> None:
        """Have all save and end; none is started after this."""
        self._is_stopped = True
        for process in list(self._running):
            process.terminate()
