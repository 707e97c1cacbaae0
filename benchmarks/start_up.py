"""Seconds from launching the demo's training to the end of its first iteration, in a fresh process."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from common import ROOT, Figure, run
from networks import RECIPES

from ltcl.errors import UserError


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


def measure() -> list[Figure]:
    """Median of three launches; the first figure is that of files not yet in the page cache, if they are not."""
    subprocess.run([sys.executable, 'tools/dataset_converters/fashion_mnist.py'], cwd=ROOT, check=True)
    config = str(ROOT / 'configs' / f'{RECIPES["gpaco"].demo}.py')
    seconds = [seconds_to_first_iteration(config) for _ in range(3)]
    return [
        Figure('demo: first launch to first iteration', seconds[0], 's'),
        Figure.at_most('demo: launch to first iteration', statistics.median(seconds), 's', 8.0),
    ]


if __name__ == '__main__':
    run('start-up', measure)
