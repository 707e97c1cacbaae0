"""Processes that need no second import: gloo processes in place of those of DDP, and commands in place of new ones."""

import importlib.util
import inspect
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from ltcl.cli import main as cli

# One server imports the package once; every process of every test is a fork of it.
multiprocessing.set_forkserver_preload(['ltcl.models'])


def _load(path: str, name: str) -> Callable:
    """A function of a file: pytest imports test modules under names that a new process does not know."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def _run(rank: int, world_size: int, rendezvous: str, path: str, name: str, kwargs: dict) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world_size), LOCAL_RANK=str(rank))
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    _load(path, name)(rank=rank, **kwargs)
    dist.barrier()  # none leaves another alone in a collective
    # No clean-up: PyTorch 2.6 may wait forever in it, for a gather whose tensors Python has let go.
    os._exit(0)


def run_processes(function: Callable, world_size: int, **kwargs: object) -> None:
    """Call ``function(rank=..., **kwargs)`` on every process; an assertion that fails in one fails the test.

    Args:
        function: Defined at the top of a module, so that a new process can import it.
        world_size: Number of processes; 1 calls the function here, without a process group.
        **kwargs: Handed to every process.
    """
    if world_size == 1:
        function(rank=0, **kwargs)
        return
    source = inspect.getsourcefile(function)
    with tempfile.TemporaryDirectory() as folder:
        args = (world_size, os.path.join(folder, 'rendezvous'), source, function.__name__, kwargs)
        mp.start_processes(_run, args, nprocs=world_size, start_method='forkserver')


def _call(words: list[str], output: str) -> None:
    torch.set_num_threads(1)
    with open(output, 'a') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ['ltcl', *words]
    cli.main()


def run_ltcl(command: list[str], stdout: TextIO, **_: object) -> subprocess.CompletedProcess:
    """``subprocess.run`` for ``python -m ltcl WORD ...``, whose output goes to a file."""
    assert command[:3] == [sys.executable, '-m', 'ltcl']
    process = multiprocessing.get_context('forkserver').Process(target=_call, args=(command[3:], stdout.name))
    process.start()
    process.join()
    return subprocess.CompletedProcess(command, process.exitcode)
