"""What the benchmarks share: figures with goals, interleaved timing, peak memory, one table, JSON."""

import argparse
import functools
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from ltcl.launch import report_user_errors
from ltcl.launch.threads import use_free_cores

ROOT = Path(__file__).resolve().parents[1]
# The profiler announces every start and stop on standard error otherwise.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')


@dataclass(frozen=True)
class Figure:
    """A measured figure and, where there is one, its goal.

    Args:
        name: What was measured.
        value: The measured value.
        unit: Its unit; ``'x'`` for a ratio.
        goal: Bound that the value has to reach; None for a plain figure.
        met: Whether it does; None for a plain figure.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    met: bool | None = None

    @classmethod
    def at_least(cls, name: str, value: float, unit: str, goal: float) -> 'Figure':
        """A figure that should not be below its goal."""
        return cls(name, value, unit, goal, value >= goal)

    @classmethod
    def at_most(cls, name: str, value: float, unit: str, goal: float) -> 'Figure':
        """A figure that should not be above its goal."""
        return cls(name, value, unit, goal, value <= goal)

    @property
    def bound(self) -> str:
        """The goal with its direction, which value and outcome tell: ``'≥ 2'``, ``'≤ 0.4'``; empty without a goal."""
        if self.goal is None:
            return ''
        return f'{"≥" if (self.value >= self.goal) == self.met else "≤"} {self.goal:g}'


def devices() -> list[str]:
    """Devices to measure: the CPU, and CUDA where there is one."""
    return ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']


def time_interleaved(
    candidates: dict[str, Callable[[], object]], rounds: int, device: str = 'cpu', warm_up: int = 1
) -> dict[str, list[float]]:
    """Time candidates in turns (A B, A B, ...), so that a change of the machine's load meets all of them.

    Args:
        candidates: Functions without arguments by name.
        rounds: Number of timed calls of each.
        device: ``'cuda'`` waits for the GPU before and after each call.
        warm_up: Number of untimed rounds before.

    Returns:
        Seconds of each timed call by name, in order.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for round_idx in range(warm_up + rounds):
        for name, function in candidates.items():
            _synchronize(device)
            start = time.perf_counter()
            function()
            _synchronize(device)
            if round_idx >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def _synchronize(device: str) -> None:
    if device == 'cuda':
        torch.cuda.synchronize()


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Median over rounds of the ratio within a round, which a slow round leaves alone; both have the same length."""
    return statistics.median(top / bottom for top, bottom in zip(numerators, denominators, strict=True))


def extra_peak_memory(function: Callable[[], object], device: str = 'cpu') -> int:
    """Largest number of bytes that one call holds at a time beyond what was held before it.

    On a CPU, PyTorch's profiler reports each allocation and release of its allocator, the temporaries inside an
    operation included; the largest running sum is the figure. It repeats to the byte, while a process's high-water mark
    also moves with pages that were freed and not returned. Scratch that matrix libraries take from the system is not
    seen. Memory that was held before and is freed in the call is not counted in its favour. On CUDA the allocator keeps
    the mark.

    Args:
        function: Called twice, the first time to let caches fill.
        device: ``'cpu'`` or ``'cuda'``.
    """
    function()
    if device == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        held_before = torch.cuda.memory_allocated()
        function()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - held_before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    with tempfile.TemporaryDirectory() as folder:
        trace_file = Path(folder, 'trace.json')
        profiler.export_chrome_trace(str(trace_file))
        events = json.loads(trace_file.read_text())['traceEvents']
    changes = sorted((event['ts'], event['args']['Bytes']) for event in events if event['name'] == '[memory]')
    return max(itertools.accumulate((num_bytes for _, num_bytes in changes), initial=0))


def speed_figures(
    seconds: dict[str, Sequence[float]], setting: str, goal: float | None, unit: str = 'ms'
) -> list[Figure]:
    """Median times of a fast and a plain form, and how many times faster the fast one is.

    Args:
        seconds: Seconds of the fast form and of the plain form in the same rounds, by name and in this order.
        setting: Device and sizes, as the figures name them.
        goal: Smallest ratio to reach; None has none.
        unit: ``'ms'`` or ``'s'``, in which the times are given.
    """
    (fast, fast_seconds), (plain, plain_seconds) = seconds.items()
    factor = dict(ms=1e3, s=1.0)[unit]
    name, ratio = f'{fast}, {setting}: speed against the {plain}', median_ratio(plain_seconds, fast_seconds)
    return [
        *(Figure(f'{form}, {setting}: time', factor * statistics.median(each), unit) for form, each in seconds.items()),
        Figure(name, ratio, 'x') if goal is None else Figure.at_least(name, ratio, 'x', goal),
    ]


def memory_figures(num_bytes: dict[str, int], setting: str, goal: float | None = None) -> list[Figure]:
    """Extra peak memory of a fast and a plain form, and the fast one's share.

    Args:
        num_bytes: Bytes of the fast form and of the plain form, by name and in this order.
        setting: Device and sizes, as the figures name them.
        goal: Largest share to stay below; None has none.
    """
    (fast, fast_bytes), (plain, plain_bytes) = num_bytes.items()
    name, share = f'{fast}, {setting}: memory against the {plain}', fast_bytes / plain_bytes
    return [
        *(Figure(f'{form}, {setting}: extra peak memory', each / 2**20, 'MiB') for form, each in num_bytes.items()),
        Figure(name, share, 'x') if goal is None else Figure.at_most(name, share, 'x', goal),
    ]


def compare(
    forms: dict[str, Callable[[], object]],
    device: str,
    rounds: int,
    speed_goal: float,
    memory_goal: float | None = None,
) -> list[Figure]:
    """Time and extra peak memory of a fast and a plain form, and their ratios.

    Args:
        forms: The fast form and the plain form, by name and in this order.
        device: ``'cpu'`` or ``'cuda'``.
        rounds: Timed rounds of both.
        speed_goal: As in :func:`speed_figures`.
        memory_goal: As in :func:`memory_figures`.
    """
    seconds = time_interleaved(forms, rounds, device, warm_up=3)
    memory = {name: extra_peak_memory(form, device) for name, form in forms.items()}
    return [*speed_figures(seconds, device, speed_goal), *memory_figures(memory, device, memory_goal)]


def on_all_devices(measure_device: Callable[[str], list[Figure]]) -> list[Figure]:
    """Figures of every device, of what measures one."""
    return [figure for device in devices() for figure in measure_device(device)]


def print_table(title: str, figures: Iterable[Figure]) -> None:
    """Print figures with their goals."""
    table = Table('figure', title=title, title_justify='left')
    for column in ('value', 'unit', 'goal', 'met'):
        table.add_column(column, justify='left' if column == 'unit' else 'right')
    for figure in figures:
        met = {None: '', True: '[green]yes[/]', False: '[red]no[/]'}[figure.met]
        table.add_row(figure.name, f'{figure.value:.3g}', figure.unit, figure.bound, met)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def run(
    title: str,
    measure: Callable[..., list[Figure]],
    add_options: Callable[[argparse.ArgumentParser], None] | None = None,
) -> None:
    """Command line of one benchmark: measure, print a table, write ``--json FILE``.

    Args:
        title: Heading of the table.
        measure: Measures the figures; a ``UserError`` of it is shown as one line.
        add_options: Adds options of this benchmark; ``measure`` is then called with what was given.
    """
    parser = argparse.ArgumentParser(description=sys.modules['__main__'].__doc__)
    parser.add_argument('--json', type=Path, metavar='FILE', help='also write the figures as a list of records')
    if add_options is not None:
        add_options(parser)
    args = parser.parse_args()
    measured = measure if add_options is None else functools.partial(measure, args)
    report_user_errors(functools.partial(_run, title, measured, args.json))()


def _run(title: str, measure: Callable[[], list[Figure]], json_file: Path | None) -> None:
    num_threads = use_free_cores(torch.get_num_threads())
    figures = measure()
    print_table(f'{title} ({num_threads} of {os.cpu_count()} cores)', figures)
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + '\n')
