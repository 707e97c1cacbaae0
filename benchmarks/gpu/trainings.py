"""Trains every method on Fashion-MNIST-LT `full` with three seeds, several runs at a time."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from common import ROOT
from results import Figure, Results
from stage import start

CONFIGS = sorted(path for path in (ROOT / 'configs').glob('*/*fashion-mnist-lt-full.py') if 'stage2' not in path.parts)
SEEDS = (0, 1, 2)
QUICK = ('gpaco', 'kcl')
# What a validation of a method reports: the second where there is no classifier.
SCORES = ('shot/all', 'knn/all')


def train(config: Path, seed: int, folder: Path, args: argparse.Namespace) -> tuple[float, float]:
    """One run in a process of its own.

    Args:
        config: The config.
        seed: Its seed.
        folder: Where it works.
        args: ``device`` and ``quick``.

    Returns:
        Accuracy in % on the test images after the last epoch, and seconds.

    Raises:
        RuntimeError: The run failed; the last line of its errors.
    """
    changes = [f'randomness.seed={seed}', 'default_hooks.run_report=None']
    if args.quick:
        changes += ['train_cfg.max_epochs=1', 'train_cfg.val_interval=1', 'train_dataloader.dataset.num_max=200']
    visible = {} if args.device == 'cuda' else {'CUDA_VISIBLE_DEVICES': '-1'}
    words = ['-m', 'ltcl', 'train', str(config), '--work-dir', str(folder), '--no-test', '--cfg-options', *changes]
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, 'OMP_NUM_THREADS': '1', **visible}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f'status {done.returncode}'])[-1])
    return last_score(folder), time.monotonic() - begin


def last_score(folder: Path) -> float:
    """That of the last validation of a run."""
    lines = max(folder.glob('*/vis_data/scalars.json')).read_text().splitlines()
    found = [record[name] for record in map(json.loads, lines) for name in SCORES if name in record]
    return found[-1]


def measure(args: argparse.Namespace, results: Results) -> None:
    """All methods with the first seed, then with the next: a run that is cut has some of each."""
    configs = [config for config in CONFIGS if not args.quick or config.parent.name in QUICK]
    scores: dict[str, list[float]] = {config.stem.partition('_')[0]: [] for config in configs}
    num_jobs = max(1, min(12, (os.cpu_count() or 1) - 1))
    with ThreadPoolExecutor(num_jobs) as pool:
        runs = {}
        for seed in SEEDS[:1] if args.quick else SEEDS:
            for config in configs:
                name = config.stem.partition('_')[0]
                folder = args.out.parent / 'runs' / f'{name}_{seed}'
                runs[pool.submit(train, config, seed, folder, args)] = name, seed
        for run in as_completed(runs):
            name, seed = runs[run]
            try:
                score, seconds = run.result()
            except Exception as error:
                results.fail(f'{name}, seed {seed}', error)
                continue
            scores[name].append(score)
            results.add(
                Figure(f'{name}, Fashion-MNIST-LT full, seed {seed}: accuracy', score, '%'),
                Figure(f'{name}, Fashion-MNIST-LT full, seed {seed}: whole run, {num_jobs} at a time', seconds, 's'),
            )
    for name, each in scores.items():
        if len(each) > 1:
            results.add(
                Figure(f'{name}, {len(each)} seeds: mean accuracy', statistics.fmean(each), '%'),
                Figure(f'{name}, {len(each)} seeds: spread', max(each) - min(each), '%'),
            )


if __name__ == '__main__':
    start(measure)
