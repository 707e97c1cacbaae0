"""Images per second of two processes with a thread each, against one process with one thread and with two.

Each process has the batch of the one, as on a second GPU: with twice the cores, twice the rate is all there is. What a
process of several spends in collectives, waiting for the slower one included, is told by PyTorch's profiler. Processes
are those of gloo under DDP, all forms take turns in the same two processes.
"""

import contextlib
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from common import Figure, median_ratio, run
from mmengine.model import MMDistributedDataParallel
from networks import RECIPES, TrainingStep, demo_config
from torch.profiler import ProfilerActivity, profile

from ltcl.launch.threads import use_free_cores

# One server imports the package once; all processes are forks of it.
multiprocessing.set_forkserver_preload(['ltcl.models'])
METHODS = ('gpaco', 'bcl')
# Of one process, and its threads.
ALONE = {'one process, one thread': 1, 'one process, two threads': 2}
SEVERAL = 'two processes, one thread each'
COLLECTIVES = ('gloo:',)


def several_step(step: TrainingStep) -> Callable[[], object]:
    """The step with its gradients averaged over the processes."""
    wrapped = MMDistributedDataParallel(step.model, device_ids=None, broadcast_buffers=False)

    def train() -> None:
        if step.key_views:
            step.model.update_momentum_encoder(0.999)
        wrapped.train_step(step.batch, step.optim_wrapper)

    return train


def alone(step: Callable[[], object], threads: int) -> float:
    """Seconds of a step of the first process, while the other waits; a step under DDP is none without the other."""
    torch.set_num_threads(threads)
    start = time.perf_counter()
    step()
    seconds = time.perf_counter() - start
    torch.set_num_threads(1)
    return seconds


def worker(rank: int, rendezvous: str, result: str, config: dict, rounds: int, most_threads: int) -> None:
    """One of the two processes; the first writes seconds by form, and the share of collectives."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=2)
    single, several = TrainingStep(**config, device='cpu'), several_step(TrainingStep(**config, device='cpu'))
    forms = {form: threads for form, threads in ALONE.items() if threads <= most_threads}
    seconds: dict[str, list[float]] = {form: [] for form in (*forms, SEVERAL)}
    for number in range(rounds + 1):
        measured = {}
        if rank == 0:
            with as_only_process():
                measured = {form: alone(single, threads) for form, threads in forms.items()}
        dist.barrier()
        start = time.perf_counter()
        several()
        dist.barrier()
        measured[SEVERAL] = time.perf_counter() - start
        for form, each in measured.items():
            seconds[form] += [each] * (number > 0)  # the first is no measurement
    share = collective_share(several)
    if rank == 0:
        torch.save((seconds, share), result)
    dist.barrier()


def as_only_process() -> contextlib.AbstractContextManager:
    """While this lasts, no head gathers rows from other processes."""
    return mock.patch.object(sys.modules['ltcl.models.utils.gather'], 'get_world_size', return_value=1)


def collective_share(step: Callable[[], object]) -> float:
    """Share of a step's time in which a collective is under way."""
    step()
    start = time.perf_counter()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step()
        seconds = time.perf_counter() - start
    spans = sorted(
        (event.time_range.start, event.time_range.end)
        for event in profiler.events()
        if event.name.startswith(COLLECTIVES)
    )
    covered, end = 0.0, 0.0
    for first, last in spans:
        covered += max(0.0, last - max(first, end))
        end = max(end, last)
    return covered / 1e6 / seconds


def measure_method(name: str, config: dict, rounds: int, most_threads: int) -> list[Figure]:
    """Rates of a method in all forms, their ratios, and the share of collectives.

    Args:
        name: Name of method and network.
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        rounds: Timed rounds of all forms.
        most_threads: Cores that are free: with one, two threads would wait for each other all the time.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, 'result.pt')
        words = (str(Path(folder, 'rendezvous')), str(result), config, rounds, most_threads)
        mp.start_processes(worker, words, nprocs=2, start_method='forkserver')
        seconds, share = torch.load(result)
    images = {form: config['shape'][0] * (1 + (form == SEVERAL)) for form in seconds}
    figures = [
        Figure(f'{name}: {form}', images[form] / statistics.median(each), 'images/s') for form, each in seconds.items()
    ]
    for form in [form for form in seconds if form != SEVERAL]:
        ratio = 2 * median_ratio(seconds[form], seconds[SEVERAL])
        figures.append(Figure(f'{name}: two processes against {form}', ratio, 'x'))
    return [*figures, Figure(f'{name}: share of a step of two processes in collectives', share, 'x')]


def measure() -> list[Figure]:
    """Figures of the demo network with a method that gathers keys and one that sends gradients back."""
    most_threads = use_free_cores(2)
    figures = [Figure('cores that are free', most_threads, '')]
    for method in METHODS:
        name = f'{RECIPES[method].name}, demo network, batch 128 a process'
        figures += measure_method(name, demo_config(method), 5, most_threads)
    return figures


if __name__ == '__main__':
    run('two processes', measure)
