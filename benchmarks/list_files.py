"""Reading of a list of 437,513 images, as long as that of iNaturalist 2018, and what four workers hold of it.

A worker's share of memory is its proportional set size: a page that several processes share counts for each by its
share. The same workers on a short list are subtracted, so interpreter and libraries count nowhere.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import Figure, run

NUM_IMAGES = 437_513
NUM_CLASSES = 8142
NUM_WORKERS = 4
READ_SECONDS = 3.0
COPIES = 0.5
FEW = 1000


def write_list(path: Path, num_images: int, num_classes: int = NUM_CLASSES) -> None:
    """Write a list in the form of iNaturalist's."""
    lines = (f'train_val2018/Aves/{i % num_classes}/{i:032x}.jpg {i % num_classes}\n' for i in range(num_images))
    path.write_text(''.join(lines))


def pss(process: int) -> int:
    """Proportional set size of a process in bytes."""
    rollup = Path(f'/proc/{process}/smaps_rollup').read_text()
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith('Pss:'))


def read(path: Path) -> object:
    """The data set, loaded."""
    from ltcl.datasets import ImageListDataset

    return ImageListDataset(str(path), num_classes=NUM_CLASSES, check_files='none', pipeline=[])


def _work(dataset: object, number: int, is_read: object, may_end: object) -> None:
    for idx in range(number, len(dataset), NUM_WORKERS):
        dataset[idx]
    is_read.release()
    may_end.wait()


def added_by_workers(path: Path) -> tuple[float, int, int]:
    """Seconds of reading, bytes that workers add to this process when all is read, bytes of the infos."""
    start = time.perf_counter()
    dataset = read(path)
    seconds = time.perf_counter() - start
    before = pss(os.getpid())
    context = multiprocessing.get_context('fork')  # as torch's workers on Linux
    is_read, may_end = context.Semaphore(0), context.Event()
    workers = [context.Process(target=_work, args=(dataset, i, is_read, may_end)) for i in range(NUM_WORKERS)]
    for worker in workers:
        worker.start()
    for _ in workers:
        is_read.acquire()
    held = sum(pss(process) for process in (os.getpid(), *(worker.pid for worker in workers)))
    may_end.set()
    for worker in workers:
        worker.join()
    return seconds, held - before, dataset.data_bytes.nbytes + dataset.data_address.nbytes


def in_fresh_process(function: Callable[..., object], *args: object) -> object:
    """Result of a function in a process of its own."""
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        return pool.apply(_prepared, (function, args))


def _prepared(function: Callable[..., object], args: tuple) -> object:
    import pandas  # noqa: F401  (imports are no part of the reading)

    import ltcl.datasets  # noqa: F401

    # A pool's process may have no children otherwise.
    multiprocessing.current_process()._config['daemon'] = False
    return function(*args)


def measure(args: argparse.Namespace) -> list[Figure]:
    """Seconds of reading, and how many copies of the infos four workers hold beside the one of the main process."""
    with tempfile.TemporaryDirectory() as folder:
        long, short = Path(folder, 'long.txt'), Path(folder, 'short.txt')
        write_list(long, args.images)
        write_list(short, FEW)
        seconds, added, size = in_fresh_process(added_by_workers, long)
        _, added_for_few, _ = in_fresh_process(added_by_workers, short)
    name = f'list of {args.images:,} images'
    return [
        Figure.at_most(f'{name}: reading', seconds, 's', READ_SECONDS),
        Figure(f'{name}: its data infos', size / 2**20, 'MiB'),
        Figure.at_most(
            f'{name}: added by {NUM_WORKERS} workers',
            (added - added_for_few) / size,
            'copies',
            COPIES,
        ),
    ]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--images', type=int, default=NUM_IMAGES, help='lines of the list (default: %(default)s)')


if __name__ == '__main__':
    run('list files', measure, add_options)
