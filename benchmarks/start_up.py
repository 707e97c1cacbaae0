"""Seconds from launching the demo's training to the end of its first iteration, and of what every command answers.

Beside them stand the imports of others alone: those that any training with mmpretrain has, in a fresh process.
"""

import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from common import ROOT, Figure, run, time_interleaved
from networks import RECIPES

from ltcl.cli.main import COMMANDS
from ltcl.errors import UserError

THIRD_PARTY = 'import torch, mmengine.runner, mmpretrain.models, mmpretrain.datasets, mmpretrain.evaluation'
FIRST_ITERATION_SECONDS = 4.0
ANSWER_SECONDS = 0.5


def seconds_to_first_iteration(config: str) -> float:
    """Start ``tools/train.py`` and stop it at the log line of its first iteration.

    Args:
        config: Config to train, logged at every iteration.

    Raises:
        UserError: The training ended before.
    """
    with tempfile.TemporaryDirectory() as work_dir:
        command = [sys.executable, 'tools/train.py', config, '--work-dir', work_dir]
        command += ['--cfg-options', 'default_hooks.logger.interval=1']
        environment = dict(os.environ, OMP_NUM_THREADS=str(torch.get_num_threads()))
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines = []
        try:
            for line in process.stdout:
                if 'Epoch(train)' in line:
                    return time.perf_counter() - start
                lines.append(line)
        finally:
            process.kill()
            process.communicate()
    raise UserError(f'{" ".join(command)} ended before its first iteration: {lines[-1] if lines else "no output"}')


def seconds_to_import() -> float:
    """Seconds of a process that imports what others wrote."""
    return statistics.median(time_interleaved({'imports': lambda: _python('-c', THIRD_PARTY)}, rounds=3)['imports'])


def seconds_to_answer(option: str) -> dict[str, float]:
    """Seconds that each command needs to answer a word, the faster of two times.

    Args:
        option: ``'--help'``, or an option that no command has.
    """
    asked = {name: functools.partial(_python, '-m', 'ltcl', *name.split(), option) for name in COMMANDS}
    return {name: min(seconds) for name, seconds in time_interleaved(asked, rounds=2, warm_up=0).items()}


def _python(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=False)


def answer_figures() -> list[Figure]:
    """The slowest answer to ``--help`` and to a mistyped option, with the command that gives it."""
    figures = []
    for what, option in (('--help', '--help'), ('a mistyped option', '--no-such-option')):
        command, seconds = max(seconds_to_answer(option).items(), key=lambda answer: answer[1])
        figures.append(Figure.at_most(f'slowest answer to {what}: ltcl {command}', seconds, 's', ANSWER_SECONDS))
    return figures


def measure() -> list[Figure]:
    """Median of three launches; the first figure is that of files not yet in the page cache, if they are not."""
    subprocess.run([sys.executable, 'tools/dataset_converters/fashion_mnist.py'], cwd=ROOT, check=True)
    config = str(ROOT / 'configs' / f'{RECIPES["gpaco"].demo}.py')
    seconds = [seconds_to_first_iteration(config) for _ in range(3)]
    return [
        Figure('demo: first launch to first iteration', seconds[0], 's'),
        Figure.at_most('demo: launch to first iteration', statistics.median(seconds), 's', FIRST_ITERATION_SECONDS),
        Figure('imports of torch, mmengine and mmpretrain alone', seconds_to_import(), 's'),
        *answer_figures(),
    ]


if __name__ == '__main__':
    run('start-up', measure)
