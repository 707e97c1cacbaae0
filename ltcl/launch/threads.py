"""``--threads``: how many threads torch computes with, on a CPU that others may use as well.

Threads that wait for a core which another program holds wait for whole time slices at the end of every operation: on
two cores that others use, a step with two threads takes ten times as long as with one.
"""

import argparse
import os
import statistics
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from .nodes import is_kept

if TYPE_CHECKING:
    from mmengine.config import Config

    from ltcl.engine import Runner

AUTO = 'auto'
# What fewer threads must gain, so that chance does not choose them: the last digits of a result depend on the number.
GAIN = 1.25
ROUNDS = 7
# Our launcher sets it beside an OMP_NUM_THREADS that is its own and nobody else's.
DEFAULT_VARIABLE = 'LTCL_DEFAULT_THREADS'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def threads_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--threads``."""
    parser.add_argument(
        '--threads',
        type=_number,
        default=AUTO,
        metavar='auto|N',
        help='threads of a process on the CPU; auto (the default) measures how many cores are free, unless '
        'OMP_NUM_THREADS says it; each of several processes takes its share of the cores',
    )


def _number(word: str) -> str | int:
    if word == AUTO:
        return AUTO
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f'auto or a number of threads from 1 on, got {word}')
    return int(word)


def use_free_cores(most: int) -> int:
    """Give torch the number of threads that runs fastest here and now: all cores, or fewer if others use some.

    A short piece of work (small matrix products, exponentials) is timed with so many threads, half of them, and so on
    down to one, in turns. It takes a fifth of a second on a machine that does nothing else. No random number is drawn.

    Args:
        most: The most that are tried, 1 or more.

    Returns:
        The number of threads, which is set.
    """
    import torch

    choices = [most >> shift for shift in range(most.bit_length())]
    matrix = torch.linspace(0, 1e-3, 512 * 512).view(512, 512)
    seconds: dict[int, list[float]] = {choice: [] for choice in choices}
    for _ in range(ROUNDS if len(choices) > 1 else 0):
        for choice in choices:
            torch.set_num_threads(choice)
            start = time.perf_counter()
            for _ in range(10):
                (matrix @ matrix).exp_()
            seconds[choice].append(time.perf_counter() - start)
    best = choices[0]
    for choice in choices[1:]:
        if statistics.median(seconds[best]) > GAIN * statistics.median(seconds[choice]):
            best = choice
    torch.set_num_threads(best)
    return best


def set_threads(threads: str | int, says_all: bool = False) -> int:
    """Set the number of threads of this process, and say it where it is chosen.

    It is chosen by measuring only where nobody says it, no launcher started the process, and there is no GPU.

    Args:
        threads: A number, or ``'auto'``.
        says_all: Say it as well where all cores are taken.

    Returns:
        The most threads that a later measurement may choose; 1 where none may.
    """
    import torch

    most = torch.get_num_threads()
    if threads != AUTO:
        torch.set_num_threads(int(threads))
        return 1
    if {'OMP_NUM_THREADS', 'LOCAL_WORLD_SIZE'} & os.environ.keys() or torch.cuda.is_available() or most == 1:
        return 1
    chosen = use_free_cores(most)
    if chosen < most:
        print(f'threads: {chosen} of {most}, since others use the cores (--threads N sets the number)', flush=True)
    elif says_all:
        print(f'threads: {chosen}', flush=True)
    return most


def usable_cores() -> int:
    """Cores of the machine that this process may use, which its job may have fewer of."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def take_share(launcher: str) -> None:
    """Give torch the share of the cores that is for this one of several processes, unless ``OMP_NUM_THREADS`` says it.

    Left alone, every process takes all cores and they slow each other down.

    Args:
        launcher: Who started the process. ``srun`` and ``mpirun`` may have bound it to its share already.
    """
    import torch

    if 'OMP_NUM_THREADS' in os.environ and DEFAULT_VARIABLE not in os.environ:
        return
    processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    usable = usable_cores()
    share = usable // processes
    if launcher != 'pytorch':
        share = min(usable, int(os.environ.get('SLURM_CPUS_ON_NODE') or os.cpu_count() or 1) // processes)
    torch.set_num_threads(max(1, share))


def limit_workers(cfg: 'Config', most: int, kept: Collection[str]) -> int:
    """Let no more processes read images than there are cores for them.

    Args:
        cfg: The config, changed in place; a data set that reads with processes of its own is limited as well.
        most: The cores, 1 or more.
        kept: Dotted keys that stay as they are, with what lies in them.

    Returns:
        The largest number that was lowered; 0 where none was.
    """
    lowered = 0
    for loader in LOADERS:
        found = cfg.get(loader)
        if not found or is_kept(f'{loader}.num_workers', kept):
            continue
        for part in filter(None, (found, found.get('dataset'))):
            if part.get('num_workers', 0) > most:
                lowered = max(lowered, part.num_workers)
                part.num_workers = most
    return lowered


def share_cores(cfg: 'Config', threads: str | int, kept: Collection[str]) -> int:
    """Set the threads of a training by :func:`set_threads`, and as many processes that read images; say both.

    The order of the images and their random numbers do not depend on the number of these processes.

    Args:
        cfg: The config, changed in place.
        threads: A number, or ``'auto'``, which alone limits the processes.
        kept: Dotted keys that stay as they are, with what lies in them.

    Returns:
        The most threads that a later measurement may choose; 1 where none may.
    """
    import torch

    most = set_threads(threads, says_all=True)
    if most > 1:
        chosen = torch.get_num_threads()
        lowered = limit_workers(cfg, chosen, kept)
        if lowered:
            print(f'processes that read images: {chosen} in place of {lowered}, one a core (num_workers sets it)')
    return most


def watch_threads(runner: 'Runner', most: int) -> None:
    """Have a training choose again when its steps slow down.

    Args:
        runner: The training.
        most: What :func:`set_threads` returned.
    """
    from ltcl.engine.hooks import ThreadsHook

    if most > 1:
        runner.register_hook(ThreadsHook(most))
