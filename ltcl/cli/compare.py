"""Train several configs over several seeds and compare them in one table.

An interrupted comparison goes on where it stopped: finished runs are kept, the others are resumed. A config with a
stage1_config starts from the last checkpoint of that config with the same seed, which is trained first and whose
training minutes are added. A config without training is tested on it. The figures are those of the test images where a
config has other ones than for its validation, of the checkpoint that was best there; else those of the last validation.

examples:
  ltcl compare bcl.py paco.py my_config.py --seeds 0 1 2 --jobs 2 --cfg-options max_epochs=50
"""

import argparse
import itertools
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ltcl.analysis.comparison import draw, read_run, summarise, to_csv, to_markdown
from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.launch.run_length import length_of
from ltcl.neutral_text import visible
from ltcl.shipped import find_config

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('configs', nargs='+', help='config files, one a method')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmark'), help='folder of runs and tables')
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time; the CPU cores are shared out among them')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='for every run')


def stem_of(config: str) -> str:
    """The name of a config without folder and ending."""
    return find_config(config).stem


def short_names(configs: list[str]) -> dict[str, str]:
    """Name of each config in the tables: its first word or two if no other begins so, else the whole name."""
    stems = {config: stem_of(config) for config in configs}

    def shortest(stem: str) -> str:
        begins = ['_'.join(stem.split('_')[:words]) + '_' for words in (1, 2) if stem.split('_')[0]]
        unique = [begin[:-1] for begin in begins if sum(f'{other}_'.startswith(begin) for other in stems.values()) == 1]
        return unique[0] if unique else stem

    return {config: shortest(stem) for config, stem in stems.items()}


def run_one(config: str, seed: int, args: argparse.Namespace) -> dict:
    """Train or resume one run unless it is finished, or test it if it needs no training, and read its figures.

    Raises:
        UserError: The run failed; its log is named.
    """
    cfg = load_config(config)
    stage1 = run_one(cfg.stage1_config, seed, args) if cfg.get('stage1_config') else {}
    is_trained = cfg.get('train_cfg') is not None
    if not is_trained and not stage1:
        raise UserError(f'{config} has neither train_cfg nor stage1_config: there is nothing to train or to test')
    folder = args.work_dir / stem_of(config) / f'seed{seed}'
    figures = read_run(folder, is_trained) or {}
    if not figures or (is_trained and figures['done'] < (length_of(cfg) or 0)):
        # A config without training has no entries for options that are about training.
        options = [option for option in args.cfg_options if cfg.get(option.split('.')[0], option) is not None]
        options += [f'randomness.seed={seed}']
        if is_trained:
            options += [f'load_from={stage1["checkpoint"]}'] if stage1 else []
            start_command('train', [config, '--resume'], folder, options, args)
        else:
            start_command('test', [config, stage1['checkpoint']], folder, options, args)
        figures = read_run(folder, is_trained) or {}
    figures['minutes'] += stage1.get('minutes', 0)
    checkpoint = os.fsdecode((folder / 'last_checkpoint').read_bytes()).strip() if is_trained else None
    about = {'config': config, 'seed': seed, 'checkpoint': checkpoint}
    return {**about, **figures}


def start_command(name: str, words: list[str], folder: Path, options: list[str], args: argparse.Namespace) -> None:
    """Run ``ltcl train`` or ``ltcl test`` in a process of its own.

    Raises:
        UserError: It failed; its log is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, threads = folder / 'console.log', max(1, (os.cpu_count() or 1) // args.jobs)
    command = [sys.executable, '-m', 'ltcl', name, *words, '--work-dir', str(folder), '--cfg-options', *options]
    run = f'{visible(folder.parent.name)}, seed {folder.name.removeprefix("seed")}'
    # In one piece, the end of the line included: other runs print at the same time.
    print(f'{name}ing {run} (log: {visible(log)})\n', end='', flush=True)
    with log.open('a') as output:
        status = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, 'OMP_NUM_THREADS': str(threads)}
        ).returncode
    if status:
        raise UserError(f'{run} ended with status {status}: see {log}')


def first_stages(configs: list[str]) -> list[str]:
    """The configs that others start from, each once however its path is written."""
    found = [load_config(config).get('stage1_config') for config in configs]
    return list({stem_of(config): config for config in found if config}.values())


def run_all(args: argparse.Namespace) -> list[dict]:
    """Every config with every seed; a run that starts from another waits for it."""
    stages = first_stages(args.configs)
    first: dict[tuple[str, int], Future] = {}
    later: dict[tuple[str, int], Future] = {}

    def start_of(config: str) -> str:
        return stem_of(load_config(config).get('stage1_config', config))

    def wait_and_run(config: str, seed: int) -> dict:
        if (start_of(config), seed) in first:
            first[start_of(config), seed].result()
        return run_one(config, seed, args)

    # The runs that wait come last, so that they keep no worker from those they wait for.
    in_order = sorted(args.configs, key=lambda config: start_of(config) in set(map(stem_of, stages)))
    with ThreadPoolExecutor(args.jobs) as pool:
        for config, seed in itertools.product(stages, args.seeds):
            first[stem_of(config), seed] = pool.submit(run_one, config, seed, args)
        for config, seed in itertools.product(in_order, args.seeds):
            later[config, seed] = pool.submit(wait_and_run, config, seed)
    return [later[each].result() for each in itertools.product(args.configs, args.seeds)]


@command(options)
def main(args: argparse.Namespace) -> None:
    """Train what is missing, then write table, CSV file and picture."""
    import pandas as pd

    names = short_names(args.configs)
    rows = run_all(args)
    runs = pd.DataFrame([{'method': names[row['config']], **row} for row in rows])
    runs = runs.drop(columns=['config', 'checkpoint'])
    summary = summarise(runs)
    (args.work_dir / 'runs.csv').write_text(to_csv(runs), encoding='utf-8')
    scored_on = ' and '.join(dict.fromkeys(runs['scored_on']))
    table = f'{to_markdown(summary)}\nIn %, on the {scored_on}.\n'
    (args.work_dir / 'comparison.md').write_text(table, encoding='utf-8')
    draw(summary, args.work_dir / 'comparison.png', scored_on)
    print(f'\n{table}\nwritten to {visible(args.work_dir)}: comparison.md, comparison.png, runs.csv')
