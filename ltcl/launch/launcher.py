"""Starts a command with several processes of this machine, for ``--processes N`` and for ``tools/dist_train.sh``.

Where torchrun gives a stopped process 30 seconds and returns 1 whatever happened, this hands signals on, lets the
processes save, returns their exit status, and prints the first failure last and once.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from ltcl.errors import UserError

from . import exit_codes
from .failure import FILE_VARIABLE, LAUNCHER_VARIABLE, Failure, read_failure
from .meeting import DEFAULT_PORT, MOST_PORT, whole_number
from .threads import DEFAULT_VARIABLE

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# Ctrl-C is pressed once and may arrive twice, from the terminal and from a shell.
SAME_SIGNAL_SECONDS = 1
# A process that outlives another's failure this long is either saving a checkpoint or hangs.
GRACE_SECONDS = 60
# One that outlives a stall, or the second signal.
SHORT_GRACE_SECONDS = 5


def parse_args(words: list[str] | None = None) -> argparse.Namespace:
    """Command line of the launcher; the names are torchrun's."""
    parser = argparse.ArgumentParser(description='Start a tool with several processes.', allow_abbrev=False)
    parser.add_argument('--nnodes', default='1', help='machines')
    parser.add_argument('--node-rank', default='0', help='number of this machine, from 0')
    parser.add_argument('--master-addr', default='127.0.0.1', help='address of machine 0')
    parser.add_argument('--master-port', default='0', help='port on machine 0; 0 takes a free one')
    parser.add_argument('--nproc-per-node', required=True, help='processes on each machine')
    parser.add_argument('tool', help='the Python file to run')
    parser.add_argument('words', nargs=argparse.REMAINDER, help='its arguments')
    args = parser.parse_args(words)
    args.command = [sys.executable, '-u', args.tool, *args.words]
    args.nnodes, args.node_rank = whole_number('NNODES', args.nnodes), whole_number('NODE_RANK', args.node_rank)
    args.master_port = whole_number('MASTER_PORT', args.master_port, MOST_PORT)
    args.nproc_per_node = whole_number('the number of processes', args.nproc_per_node)
    if args.nproc_per_node < 1 or args.nnodes < 1 or not 0 <= args.node_rank < args.nnodes:
        raise UserError(
            f'{args.nproc_per_node} processes on machine {args.node_rank} of {args.nnodes}: there must be at least one '
            'process and one machine, and machines count from 0 (NNODES, NODE_RANK)'
        )
    if args.nnodes > 1 and args.node_rank > 0 and args.master_addr in ('127.0.0.1', 'localhost'):
        raise UserError('several machines: set MASTER_ADDR to the address of machine 0 on each')
    if not args.master_port:
        args.master_port = free_port() if args.nnodes == 1 else DEFAULT_PORT
    return args


def of_this_command(processes: int) -> argparse.Namespace:
    """Several processes of the command that this process runs.

    ``NNODES``, ``NODE_RANK``, ``MASTER_ADDR`` and ``MASTER_PORT`` in the environment name further machines.

    Args:
        processes: How many, on each machine.

    Raises:
        UserError: No process, or no such machine.
    """
    machines = ('NNODES', 'NODE_RANK', 'MASTER_ADDR', 'MASTER_PORT')
    words = [f'--{name.lower().replace("_", "-")}={os.environ[name]}' for name in machines if os.environ.get(name)]
    args = parse_args([*words, f'--nproc-per-node={processes}', 'ltcl'])
    args.command = [sys.executable, '-u', *sys.orig_argv[1:], '--launcher', 'pytorch']
    return args


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


class Launcher:
    """The processes of this machine, from their start to the last one's end.

    Args:
        args: Of :func:`parse_args` or :func:`of_this_command`.
        folder: For the processes' failures.
    """

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args = args
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        # Exit statuses as subprocess has them, by local rank, in the order in which the processes ended.
        self.ended: dict[int, int] = {}
        self.signals: list[int] = []
        self._stopped_at: float | None = None
        self._kill_at: float | None = None

    def run(self) -> int:
        """Start the processes, wait for all, say what failed first; returns the exit status."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup has SIGHUP ignored
                signal.signal(number, self._hand_on)
        for local_rank in range(self.args.nproc_per_node):
            self.processes.append(self._start(local_rank))
        for early in self.signals[:1]:  # it came before all were started
            self._send(early)
        while len(self.ended) < len(self.processes):
            self._note_ends()
            if self._kill_at is not None and time.monotonic() > self._kill_at:
                self._send(signal.SIGKILL)
            time.sleep(0.05)
        return self._conclude()

    def _start(self, local_rank: int) -> subprocess.Popen:
        args = self.args
        environment = {
            **os.environ,
            'RANK': str(args.node_rank * args.nproc_per_node + local_rank),
            'WORLD_SIZE': str(args.nnodes * args.nproc_per_node),
            'LOCAL_RANK': str(local_rank),
            'LOCAL_WORLD_SIZE': str(args.nproc_per_node),
            'MASTER_ADDR': args.master_addr,
            'MASTER_PORT': str(args.master_port),
            FILE_VARIABLE: str(self._file(local_rank)),
            LAUNCHER_VARIABLE: str(os.getpid()),
        }
        # Left alone, the processes take all cores each; and C++ warns of every connection that a failure closes.
        if 'OMP_NUM_THREADS' not in environment:
            environment |= {'OMP_NUM_THREADS': '1', DEFAULT_VARIABLE: '1'}
        environment.setdefault('MKL_NUM_THREADS', '1')
        environment.setdefault('TORCH_CPP_LOG_LEVEL', 'ERROR')
        # A session of its own: the terminal sends Ctrl-C to this process only, which hands it on once.
        return subprocess.Popen(args.command, env=environment, start_new_session=True)

    def _file(self, local_rank: int) -> Path:
        return self.folder / f'{local_rank}.json'

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        self.signals.append(number)
        if number in (signal.SIGINT, signal.SIGTERM):
            if self._stopped_at is not None and now - self._stopped_at < SAME_SIGNAL_SECONDS:
                return
            if self._stopped_at is not None:
                self._kill_within(SHORT_GRACE_SECONDS)
            self._stopped_at = self._stopped_at or now
        self._send(number)

    def _send(self, number: int) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(number)

    def _kill_within(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._kill_at = until if self._kill_at is None else min(until, self._kill_at)

    def _note_ends(self) -> None:
        for local_rank, process in enumerate(self.processes):
            if local_rank in self.ended or process.poll() is None:
                continue
            is_first = not any(self.ended.values())
            self.ended[local_rank] = process.returncode
            if process.returncode and is_first and not self.signals:
                # The others hear of it by themselves, but not while they still start.
                self._send(signal.SIGTERM)
            if process.returncode:
                has_stalled = process.returncode == exit_codes.STALLED
                self._kill_within(SHORT_GRACE_SECONDS if has_stalled else GRACE_SECONDS)

    def _conclude(self) -> int:
        """Print the first failure; returns the exit status."""
        failed = {rank: status for rank, status in self.ended.items() if status}
        if not failed:
            return exit_codes.DONE
        failure = self._first_failure(failed)
        if failure is None:
            return next(as_exit_status(status) for status in failed.values())
        print(failure, file=sys.stderr, flush=True)
        return failure.status

    def _first_failure(self, failed: dict[int, int]) -> Failure | None:
        reports = [report for local_rank in failed if (report := read_failure(self._file(local_rank)))]
        known = [report for report in reports if not report.is_guess]
        if known:
            return min(known, key=lambda report: report.moment)
        local_rank, status = next(iter(failed.items()))
        if as_exit_status(status) in map(exit_codes.stopped_by, self.signals):
            return None
        return self._describe(local_rank, status) or min(reports, key=lambda report: report.moment, default=None)

    def _describe(self, local_rank: int, status: int) -> Failure | None:
        """The failure of a process that left no report."""
        says_why = status in (exit_codes.USAGE, exit_codes.NOT_SAVED) or status > exit_codes.stopped_by(0)
        if says_why or read_failure(self._file(local_rank)) is not None:
            return None
        rank = self.args.node_rank * self.args.nproc_per_node + local_rank
        if status > 0:
            return Failure(f'rank {rank} ended with exit status {status}; it says why above', status)
        name = signal.Signals(-status).name
        why = ': was the memory used up?' if name == 'SIGKILL' else ''
        return Failure(f'rank {rank} was ended by {name}{why}', as_exit_status(status))


def as_exit_status(status: int) -> int:
    """What a shell says for a status of subprocess, in which the number of a signal is negative."""
    return exit_codes.stopped_by(-status) if status < 0 else status


def launch(args: argparse.Namespace) -> int:
    """Start the processes of this machine and wait for them; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix='ltcl_launcher_') as folder:
        return Launcher(args, Path(folder)).run()


def start_copies(args: argparse.Namespace) -> None:
    """What ``--processes N`` asks for: this command N times, whose status ends this process; else nothing.

    Args:
        args: Parsed :func:`~ltcl.launch.configs.run_options`.

    Raises:
        UserError: Another launcher has started other processes than so many.
    """
    if args.processes is None:
        return
    if args.launcher == 'none':
        sys.exit(launch(of_this_command(args.processes)))
    if os.environ.get('LOCAL_WORLD_SIZE') != str(args.processes):
        raise UserError(
            f'--processes {args.processes} starts processes, --launcher {args.launcher} joins those that are there: '
            'leave one of them out'
        )


def main() -> int:
    """Command line of the launcher."""
    try:
        return launch(parse_args())
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        return exit_codes.FAILED


if __name__ == '__main__':
    sys.exit(main())
