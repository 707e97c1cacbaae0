"""Train, kill, resume and test every method, over and over, and watch what the processes hold.

    python tests/soak/soak.py --minutes 120

Within each training that nobody killed, memory, open files and worker processes must stay where they were; none of a
training's processes may outlive it; and every run must end, be tested and leave one folder that holds what it should.
"""

import argparse
import itertools
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from forked import last_words, run_forked
from kills import aim
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from toy import METHODS, toy_config, write_images

from ltcl.engine import Runner

EPOCHS, WORKERS = 40, 2
WARM_UP = 8
"""Epochs until caches are full."""
MEMORY_MIB, ORPHAN_SECONDS = 16, 20


@dataclass(frozen=True)
class Holdings:
    """What a process holds: memory in MiB, open files, children."""

    memory: float
    files: int
    children: int

    @classmethod
    def of_this_process(cls) -> 'Holdings':
        """As the system counts them."""
        pages = int(Path('/proc/self/statm').read_text().split()[1])
        children = [task.joinpath('children').read_text().split() for task in Path('/proc/self/task').iterdir()]
        return cls(
            pages * os.sysconf('SC_PAGE_SIZE') / 2**20, len(os.listdir('/proc/self/fd')), sum(map(len, children))
        )


class Watch(Hook):
    """Writes down what the training process holds before each epoch, when no worker should be left."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def before_train(self, runner):
        self._write('start')

    def before_train_epoch(self, runner):
        self._write(*astuple(Holdings.of_this_process()))

    def after_train(self, runner):
        self._write('end')

    def _write(self, *words: object) -> None:
        with self.path.open('a') as file:
            print(*words, file=file)


def uninterrupted(path: Path) -> list[list[Holdings]]:
    """What was written down, for each training from its start to its end or its kill."""
    parts = path.read_text().split('start\n')[1:]
    lines = [[line.split() for line in part.splitlines() if line != 'end'] for part in parts]
    return [[Holdings(float(a), int(b), int(c)) for a, b, c in part] for part in lines]


def check_flat(holdings: list[Holdings]) -> None:
    """Compare the last third of a training with its first, after a warm-up."""
    steady = holdings[WARM_UP:]
    third = len(steady) // 3
    if third < 3:
        return
    first, last = steady[:third], steady[-third:]
    grown = statistics.median(each.memory for each in last) - statistics.median(each.memory for each in first)
    assert grown < MEMORY_MIB, f'memory grew by {grown:.1f} MiB in {len(steady)} epochs'
    for name in ('files', 'children'):
        before, after = (max(getattr(each, name) for each in part) for part in (first, last))
        assert after <= before, f'{name} grew from {before} to {after} in {len(steady)} epochs'


def wait_for_group(group: int) -> None:
    """All processes of a group are gone soon after the first."""
    end = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f'processes of a training live on {ORPHAN_SECONDS} s after its end')


def one_round(method: str, images: Path, folder: Path, generator: random.Random, epochs: int = EPOCHS) -> None:
    """Train a method, killed once or twice on the way, to its end and test it."""
    options = dict(
        train_cfg__max_epochs=epochs,
        train_cfg__val_interval=5,
        param_scheduler__T_max=epochs,
        train_dataloader__num_workers=WORKERS,
    )
    folder.mkdir(parents=True)
    watched, groups = folder / 'holdings', folder / 'groups'

    def lead_group() -> None:
        os.setsid()
        with groups.open('a') as file:
            print(os.getpid(), file=file)
        init_default_scope('mmpretrain')

    def train(rank: int, kill_after: int | None = None) -> None:
        lead_group()
        if kill_after:
            aim('time', kill_after, folder)
        runner = Runner.from_cfg(toy_config(images, folder, method, resume='auto', **options))
        runner.register_hook(Watch(watched))
        runner.train()

    def test(rank: int) -> None:
        lead_group()
        cfg = toy_config(images, folder, method, load_from=str(folder / f'epoch_{epochs}.pth'), **options)
        assert Runner.from_cfg(cfg).test()

    for _ in range(generator.randint(1, 2)):
        moment = generator.randint(50, 1500)
        status = run_forked(lambda rank, moment=moment: train(rank, moment), folder)
        assert status in (0, -signal.SIGKILL), last_words(folder)
    for part in (train, test):
        assert run_forked(part, folder) == 0, last_words(folder)
    for group in groups.read_text().split():
        wait_for_group(int(group))
    for holdings in uninterrupted(watched):
        check_flat(holdings)
    kept = {path.name for path in folder.glob('*_*.pth') if not path.name.startswith('best')}
    assert kept == {f'epoch_{epochs - 1}.pth', f'epoch_{epochs}.pth'}
    assert len(list(folder.glob('best_*.pth'))) == 1


def main() -> None:
    """Go on until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=120)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    generator, start = random.Random(args.seed), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        images = write_images(Path(folder, 'images'))
        for number, method in enumerate(itertools.cycle(METHODS)):
            if time.monotonic() - start > 60 * args.minutes:
                break
            one_round(method, images, Path(folder, str(number)), generator)
            own = Holdings.of_this_process()
            print(
                f'{(time.monotonic() - start) / 60:6.1f} min  round {number + 1}  {method}: whole; this process holds '
                f'{own.memory:.0f} MiB, {own.files} files, {own.children} children',
                flush=True,
            )


if __name__ == '__main__':
    main()
