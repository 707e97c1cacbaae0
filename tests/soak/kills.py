"""Kill trainings where it hurts, resume them, and compare where they end.

    python tests/soak/kills.py --kills 100 --seed 0

Half of the kills are aimed at a step of writing a checkpoint (creation, first write, rename, pointer, removal), the
others come at a random moment. After each the folder must hold a checkpoint at least as new as the last finished one;
in the end the weights must be those of the run that nobody killed, bit for bit.
"""

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from forked import last_words, run_forked
from mmengine.registry import init_default_scope
from toy import toy_config, write_images

from ltcl.checkpoints.finding import newest_resumable
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.run_state import progress
from ltcl.engine import Runner

AIMS = ('create', 'write', 'rename', 'renamed', 'pointer', 'remove', 'removed')
METHODS = ('paco', 'bcl', 'tsc', 'rescom')
JOURNAL = 'journal'


@dataclass(frozen=True)
class Case:
    """A kind of run to kill: method, processes, checkpoints to keep."""

    method: str
    processes: int
    keep: int


def config(images: Path, folder: Path, case: Case) -> dict:
    """The run of a case, on as many processes as there are."""
    options = dict(
        default_hooks__checkpoint__max_keep_ckpts=case.keep,
        train_cfg__val_interval=2,
        train_dataloader__batch_size=8 // case.processes,
    )
    cfg = toy_config(images, folder, case.method, resume='auto', **options)
    if case.processes > 1:
        cfg.launcher = 'pytorch'
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False, find_unused_parameters=True
        )
    return cfg


def die() -> None:
    """As the system's out-of-memory killer would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def aim(where: str, number: int, folder: Path) -> None:
    """Have this process killed at a step of the writing of its checkpoints.

    Args:
        where: One of ``AIMS``, or ``'time'`` for a moment ``number`` hundredths of a second after the start.
        number: At which time that it comes to the step.
        folder: The work dir; finished checkpoints are noted in its journal.
    """
    count = itertools.count(1)

    def reached(step: str) -> None:
        if step == where and next(count) == number:
            die()

    replace, unlink, save = os.replace, Path.unlink, torch.save

    def killing_replace(source: Path, target: Path) -> None:
        is_checkpoint = Path(target).suffix == '.pth'
        reached('rename' if is_checkpoint else 'pointer')
        replace(source, target)
        if is_checkpoint and not Path(target).name.startswith('best'):
            with (folder / JOURNAL).open('a') as journal:
                journal.write(f'{Path(target).name}\n')
        reached('renamed')

    def killing_unlink(path: Path, **options: bool) -> None:
        is_checkpoint = path.suffix == '.pth' and path.exists()
        if is_checkpoint:
            reached('remove')
        unlink(path, **options)
        if is_checkpoint:
            reached('removed')

    def killing_save(content: object, file: object) -> None:
        reached('create')
        if where == 'write':
            file.write(b'PK\x03\x04' + bytes(1000))
            file.flush()
            reached('write')
            file.seek(0)
            file.truncate()
        save(content, file)

    os.replace, Path.unlink, torch.save = killing_replace, killing_unlink, killing_save
    if where == 'time':
        threading.Timer(number / 100, die).start()


def train(case: Case, images: Path, folder: Path, prepare: Callable[[], None] = lambda: None) -> int:
    """Train in forked processes, the first of them prepared; its exit status, negative for a signal."""

    def run(rank: int) -> None:
        if rank == 0:
            prepare()
        init_default_scope('mmpretrain')
        Runner.from_cfg(config(images, folder, case)).train()

    return run_forked(run, folder, case.processes)


def check_folder(folder: Path) -> None:
    """The folder holds a whole checkpoint, at least as new as the last one that was finished."""
    journal = folder / JOURNAL
    if not journal.exists():
        return
    last = journal.read_text().split()[-1]
    newest = newest_resumable(folder)
    assert newest is not None, f'{folder}: {last} was finished, and no checkpoint is left'
    epoch, _ = progress(load_from_local(newest))
    assert epoch >= int(last.removesuffix('.pth').rsplit('_')[-1]), f'{folder}: {last} was finished, {newest} is left'


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Weights of the end of a run."""
    return load_from_local(folder / 'epoch_4.pth')['state_dict']


def kill_and_compare(case: Case, aims: list[tuple[str, int]], images: Path, root: Path) -> int:
    """Kill one run again and again, let it finish and compare it with one that was left alone.

    Args:
        case: The run.
        aims: Where to kill it, one after the other; an aim that is not reached is no kill.
        images: Folder of images.
        root: Folder for the two runs.

    Returns:
        Kills that happened.
    """
    whole, killed = root / 'whole', root / 'killed'
    for folder in (whole, killed):
        folder.mkdir(parents=True)
    assert train(case, images, whole) == 0, last_words(whole)
    kills = 0
    for where, number in aims:
        status = train(case, images, killed, lambda where=where, number=number: aim(where, number, killed))
        assert status in (0, -signal.SIGKILL), f'{where}: {status}\n{last_words(killed)}'
        kills += status != 0
        check_folder(killed)
        if status == 0:
            break
    assert train(case, images, killed) == 0, last_words(killed)
    ours, theirs = weights(killed), weights(whole)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
    assert not list(killed.glob('*.partial'))
    return kills


def draw_aims(generator: random.Random, number: int) -> list[tuple[str, int]]:
    """Kills of one run, by turns aimed at a step and at a moment."""
    pairs = [
        ((generator.choice(AIMS), generator.randint(1, 2)), ('time', generator.randint(5, 150))) for _ in range(number)
    ]
    return list(itertools.chain.from_iterable(pairs))[:number]


def main() -> None:
    """Run cases until there were enough kills."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    generator, kills = random.Random(args.seed), 0
    cases = [Case(*each) for each in itertools.product(METHODS, (1, 2), (1, 3))]
    with tempfile.TemporaryDirectory() as folder:
        images = write_images(Path(folder, 'images'))
        for round_number, case in enumerate(itertools.cycle(cases)):
            if kills >= args.kills:
                break
            done = kill_and_compare(case, draw_aims(generator, 7), images, Path(folder, str(round_number)))
            kills += done
            print(f'{case}: {done} kills, weights equal ({kills} in all)', flush=True)


if __name__ == '__main__':
    main()
