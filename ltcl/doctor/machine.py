"""What the machine computes with: GPUs, number formats, cores, memory."""

import os
import shutil
from pathlib import Path

from ltcl.free_memory import free_and_total
from ltcl.launch.threads import usable_cores

from .finding import Finding, State

GIB = 2**30
LITTLE_MEMORY = 2 * GIB
# Workers of a dataloader hand batches over through it; containers often have 64 MiB.
LITTLE_SHARED = GIB // 4


def check_machine() -> list[Finding]:
    """Device, bfloat16, threads and memory."""
    return [check_device(), check_bfloat16(), check_threads(), check_memory(), check_shared_memory()]


def check_device() -> Finding:
    """Whether torch computes on a GPU, and on which."""
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        free, total = (size / GIB for size in torch.cuda.mem_get_info(0))
        text = f'{", ".join(names)}; {free:.1f} of {total:.1f} GiB free on the first'
        if free < 1:
            return Finding(State.WARNING, 'device', text, 'end what else runs there (nvidia-smi lists it)')
        return Finding(State.OK, 'device', text)
    if shutil.which('nvidia-smi'):
        advice = 'install a torch that fits the driver, as https://pytorch.org says; `nvidia-smi` shows the driver'
        return Finding(
            State.WARNING, 'device', f'there is a GPU, but torch {torch.__version__} does not see it', advice
        )
    return Finding(State.NOTE, 'device', 'CPU only', 'small networks and frozen features train well on it')


def check_bfloat16(cpuinfo: Path = Path('/proc/cpuinfo')) -> Finding:
    """Whether ``--amp`` makes this machine faster.

    Args:
        cpuinfo: Where Linux tells what the processor can do.
    """
    import torch

    if torch.cuda.is_available():
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Finding(State.OK, 'bfloat16', 'the GPU computes in it', '--amp trains faster')
        return Finding(State.NOTE, 'bfloat16', 'the GPU does not compute in it', '--amp float16 trains faster')
    try:
        flags = set(cpuinfo.read_text(encoding='utf-8').split())
    except OSError:
        return Finding(State.NOTE, 'bfloat16', f'not known: there is no {cpuinfo}')
    known = {'amx_bf16': 'AMX', 'avx512_bf16': 'AVX-512'}
    found = [name for flag, name in known.items() if flag in flags]
    if found:
        return Finding(State.OK, 'bfloat16', f'the processor computes in it ({" and ".join(found)})', 'try --amp')
    return Finding(State.NOTE, 'bfloat16', 'the processor has neither AMX nor AVX-512 for it', 'leave --amp out')


def check_threads() -> Finding:
    """Threads of torch against the cores that nobody else uses now."""
    import torch

    cores = usable_cores()
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    # The load is that of the whole machine, of which this process may have a part.
    there = os.cpu_count() or cores
    free = min(cores, max(1, round(there - load)))
    of_all = '' if there == cores else f' of {there}'
    text = f'{threads} of torch, {cores}{of_all} cores, load {load:.1f}'
    if load > there + 1:
        advice = f'others use all cores: wait for them, and export OMP_NUM_THREADS={free} until then'
        return Finding(State.WARNING, 'threads', text, advice)
    if threads > free:
        advice = f'export OMP_NUM_THREADS={free}, since threads that wait for each other are slower than fewer'
        return Finding(State.WARNING, 'threads', text, advice)
    return Finding(State.OK, 'threads', text)


def check_memory(proc: Path = Path('/proc'), cgroup: Path = Path('/sys/fs/cgroup')) -> Finding:
    """Memory that is free, or that the container may still take.

    Args:
        proc: Where Linux tells the memory of the machine.
        cgroup: Where it tells the limits of a container.
    """
    sizes = free_and_total(proc, cgroup)
    if sizes is None:
        return Finding(State.NOTE, 'memory', f'not known: there is no {proc / "meminfo"}')
    free, total = sizes
    text = f'{free / GIB:.1f} of {total / GIB:.1f} GiB free'
    if free < LITTLE_MEMORY:
        advice = 'end other programs, or lower train_dataloader.batch_size and num_workers'
        return Finding(State.WARNING, 'memory', text, advice)
    return Finding(State.OK, 'memory', text)


def check_shared_memory(place: Path = Path('/dev/shm')) -> Finding:
    """Shared memory, of which workers need some for each batch.

    Args:
        place: Where it is mounted.
    """
    if not place.is_dir():
        return Finding(State.NOTE, 'shared memory', f'not known: there is no {place}')
    free = shutil.disk_usage(place).free
    text = f'{free / GIB:.2f} GiB free in {place}'
    if free < LITTLE_SHARED:
        advice = 'start the container with --shm-size=8g, or set num_workers=0 in the dataloaders'
        return Finding(State.WARNING, 'shared memory', text, advice)
    return Finding(State.OK, 'shared memory', text)
