"""Trainings in forked processes, which start at once because nothing is imported anew."""

import os
import signal
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

SECONDS = 120


def run_forked(function: Callable[[int], None], log: Path, processes: int = 1, seconds: float = SECONDS) -> int:
    """Call a function of the rank in processes of their own; the others end when the first one has failed.

    Args:
        function: What a process does; its group has been joined if there are several.
        log: Where their output goes; the rank is added to the name.
        processes: Number of processes.
        seconds: Time after which they are killed.

    Returns:
        Exit status of the first process, negative for a signal.

    Raises:
        TimeoutError: A process did not end.
    """
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    children = [_fork(function, log, rank, processes, port) for rank in range(processes)]
    status = wait(children[0], seconds)
    for other in children[1:]:
        if status:  # as a launcher does
            os.kill(other, signal.SIGKILL)
        wait(other, seconds)
    return status


def wait(child: int, seconds: float = SECONDS) -> int:
    """Exit status of a child."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError(f'a process did not end within {seconds} s')


def last_words(log: Path, rank: int = 0) -> str:
    """The end of what a process wrote, for the message of an assertion."""
    return _log_of(log, rank).read_text(errors='replace')[-2000:]


def _log_of(log: Path, rank: int) -> Path:
    return log.with_name(f'{log.name}_{rank}.log')


def _fork(function: Callable[[int], None], log: Path, rank: int, processes: int, port: int) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with _log_of(log, rank).open('a') as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        if processes > 1:
            address = dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
            os.environ.update(address, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(processes))
            torch.distributed.init_process_group('gloo')
        function(rank)
        status = 0
    except SystemExit as stop:
        status = stop.code
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
