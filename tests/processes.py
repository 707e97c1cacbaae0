"""Run a test function on several gloo processes, which stand for the processes of DDP."""

import os
import tempfile
from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def _run(rank: int, world_size: int, rendezvous: str, function: Callable, kwargs: dict) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world_size), LOCAL_RANK=str(rank))
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    try:
        function(rank=rank, **kwargs)
    finally:
        dist.destroy_process_group()


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
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_run, (world_size, os.path.join(folder, 'rendezvous'), function, kwargs), nprocs=world_size)
