"""A stand-in for srun on one machine: starts the tasks, hands signals on, and ends them when one fails."""

import os
import signal
import subprocess
import sys
import time


def main() -> int:
    """Run the words that follow the options, once a task; returns the highest exit status."""
    options = [word for word in sys.argv[1:] if word.startswith('--')]
    count = int(next(word for word in options if word.startswith('--ntasks=')).partition('=')[2])
    command = sys.argv[sys.argv.index(sys.executable) :]
    shared = dict(SLURM_NTASKS=str(count), SLURM_NODELIST='localhost', SLURM_JOB_ID=str(os.getpid()))
    tasks = [
        subprocess.Popen(command, env={**os.environ, **shared, 'SLURM_PROCID': str(rank), 'SLURM_LOCALID': str(rank)})
        for rank in range(count)
    ]

    def send(number: int, frame: object = None) -> None:
        for task in tasks:
            if task.poll() is None:
                task.send_signal(number)

    signal.signal(signal.SIGUSR1, send)
    while any(task.poll() is None for task in tasks):
        if any(task.poll() for task in tasks):
            time.sleep(5)  # --kill-on-bad-exit ends the others, which may be a little late
            send(signal.SIGKILL)
        time.sleep(0.05)
    return max(code if (code := task.returncode) >= 0 else 128 - code for task in tasks)


if __name__ == '__main__':
    sys.exit(main())
