"""Train several configs over several seeds and compare them in one table.

An interrupted comparison goes on where it stopped: finished runs are kept, the others are resumed or tested; a run of
other settings in the same folder is refused. A run that fails ends no other, and the table has the rest. A config with
a stage1_config starts from the last checkpoint of that config with the same seed, which is trained first and whose
training minutes are added. A config without training is tested on it. The figures are those of the test images where a
config has other ones than for its validation, of the checkpoint that was best there; else those of the last
validation. Configs of different data get a warning, which stands below the table as well.

examples:
  ltcl compare bcl.py paco.py my_config.py --seeds 0 1 2 --jobs 2 --cfg-options max_epochs=50
"""

import argparse
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ltcl.analysis.comparison import TEST, draw, read_run, summarise, to_csv, to_markdown
from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import load_config
from ltcl.launch.compared_data import differences
from ltcl.launch.compared_runs import RunProcesses, check_configs, check_settings, config_with, fitting, settings_of
from ltcl.launch.exit_codes import stopped_by
from ltcl.launch.final_test import has_own_test
from ltcl.launch.hook_names import HOOK_TYPES
from ltcl.launch.image_options import seed_number
from ltcl.launch.options import KeyValues
from ltcl.launch.run_length import length_of
from ltcl.neutral_text import visible
from ltcl.notices import warn
from ltcl.shipped import find_config
from ltcl.work_dir import POINTER

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from mmengine.config import Config

LOG = 'console.log'
LOOKING = Lock()
"""Of the run whose test images are looked for, as that quiets the logger of all."""


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('configs', nargs='+', help='config files, one a method')
    parser.add_argument('--seeds', nargs='+', type=seed_number, default=[0, 1, 2])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmark'), help='folder of runs and tables')
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time; the CPU cores are shared out among them')
    parser.add_argument(
        '--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE', help='for every run'
    )


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


def run_one(config: str, seed: int, args: argparse.Namespace, processes: RunProcesses) -> dict:
    """Train or resume one run unless it is finished, or test it if it needs no training, and read its figures.

    Raises:
        UserError: The run failed; its log is named.
    """
    cfg = load_config(config)
    stage1 = run_one(cfg.stage1_config, seed, args, processes) if cfg.get('stage1_config') else {}
    is_trained = cfg.get('train_cfg') is not None
    folder = args.work_dir / stem_of(config) / f'seed{seed}'
    options = args.cfg_options | {'randomness.seed': str(seed)}
    check_settings(folder, settings_of(config, options))
    figures = read_run(folder, is_trained)
    if figures is None or (is_trained and not is_finished(figures, config_with(config, options))):
        options = fitting(cfg, options)
        if (cfg.get('default_hooks') or {}).get('run_report') is None:  # which has the figures
            options['default_hooks.run_report'] = f"dict(type='{HOOK_TYPES['run_report']}')"
        if is_trained:
            options |= {'load_from': stage1['checkpoint']} if stage1 else {}
            start_command('train', [config, '--resume'], folder, options, processes)
        else:
            start_command('test', [config, stage1['checkpoint']], folder, options, processes)
        figures = read_run(folder, is_trained)
    if figures is None:
        raise UserError(f'{folder} has no figures: the run did no validation or test; see {folder / LOG}')
    figures['minutes'] += stage1.get('minutes', 0)
    checkpoint = os.fsdecode((folder / POINTER).read_bytes()).strip() if is_trained else None
    about = {'config': config, 'seed': seed, 'checkpoint': checkpoint}
    return {**about, **figures}


def is_finished(figures: dict, cfg: 'Config') -> bool:
    """Whether a run was trained to its end and, where that is followed by a test, tested since.

    A test may have been cut off, or have given way to one with options.
    """
    if figures['done'] < (length_of(cfg) or 0):
        return False
    try:
        with LOOKING:
            return figures['scored_on'] == TEST or not has_own_test(cfg)
    except (UserError, OSError):  # the images are not here
        return True


def start_command(name: str, words: list[str], folder: Path, options: dict, processes: RunProcesses) -> None:
    """Run ``ltcl train`` or ``ltcl test`` in a process of its own.

    Raises:
        UserError: It failed; its log is named.
    """
    log = folder / LOG
    changes = [f'{key}={value}' for key, value in options.items()]
    run = f'{visible(folder.parent.name)}, seed {folder.name.removeprefix("seed")}'
    # In one piece, the end of the line included: other runs print at the same time.
    print(f'{name}ing {run} (log: {visible(log)})\n', end='', flush=True)
    status = processes.run([name, *words, '--work-dir', str(folder), '--cfg-options', *changes], log)
    if status:
        raise UserError(f'{run} ended with status {status}: see {log}')


def first_stages(configs: list[str]) -> list[str]:
    """The configs that others start from, each once however its path is written."""
    found = [load_config(config).get('stage1_config') for config in configs]
    return list({stem_of(config): config for config in found if config}.values())


def check_start(args: argparse.Namespace) -> None:
    """Refuse what no run could be trained with, or what would mix two runs, before the first one starts."""
    if args.jobs < 1:
        raise UserError(f'--jobs {args.jobs}: at least one run at a time')
    args.seeds = list(dict.fromkeys(args.seeds))
    check_configs(args.configs)
    for config in [*first_stages(args.configs), *args.configs]:
        cfg = load_config(config)
        if cfg.get('train_cfg') is None and not cfg.get('stage1_config'):
            raise UserError(f'{config} has neither train_cfg nor stage1_config: there is nothing to train or to test')
        if cfg.get('train_cfg') is not None and not cfg.get('val_dataloader'):
            raise UserError(f'{config} has no val_dataloader, and a comparison has the figures of a validation: add it')
        for seed in args.seeds:
            settings = settings_of(config, args.cfg_options | {'randomness.seed': str(seed)})
            check_settings(args.work_dir / stem_of(config) / f'seed{seed}', settings)


def run_all(args: argparse.Namespace, processes: RunProcesses) -> tuple[list[dict], list[str]]:
    """Every config with every seed; a run that starts from another waits for it.

    Returns:
        What :func:`run_one` returns of the runs that were done, and why others were not.
    """
    stages = first_stages(args.configs)
    first: dict[tuple[str, int], Future] = {}
    later: dict[tuple[str, int], Future] = {}

    def start_of(config: str) -> str:
        return stem_of(load_config(config).get('stage1_config', config))

    def wait_and_run(config: str, seed: int) -> dict:
        if (start_of(config), seed) in first:
            first[start_of(config), seed].result()
        return run_one(config, seed, args, processes)

    # The runs that wait come last, so that they keep no worker from those they wait for.
    in_order = sorted(args.configs, key=lambda config: start_of(config) in set(map(stem_of, stages)))
    with ThreadPoolExecutor(args.jobs) as pool:
        for config, seed in itertools.product(stages, args.seeds):
            first[stem_of(config), seed] = pool.submit(run_one, config, seed, args, processes)
        for config, seed in itertools.product(in_order, args.seeds):
            later[config, seed] = pool.submit(wait_and_run, config, seed)
        try:
            return sort_out([later[each] for each in itertools.product(args.configs, args.seeds)])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.stop()
            raise


def sort_out(runs: list[Future]) -> tuple[list[dict], list[str]]:
    """What runs gave, and what went wrong with others; waits for all."""
    rows: list[dict] = []
    failures: dict[str, None] = {}
    for run in runs:
        try:
            rows.append(run.result())
        except UserError as error:
            failures[str(error)] = None  # of a first stage that fails, all say the same
    return rows, list(failures)


def stop(number: int, _: object) -> None:
    """End as Ctrl-C does, which is told to all processes of a terminal by itself."""
    sys.exit(stopped_by(number))


def write_tables(rows: list[dict], names: dict[str, str], folder: Path, warnings: Sequence[str]) -> None:
    """Table, with what it cannot be read without, CSV file and picture of the runs that were done."""
    import pandas as pd

    runs = pd.DataFrame([{'method': names[row['config']], **row} for row in rows])
    runs = runs.drop(columns=['config', 'checkpoint'])
    summary = summarise(runs)
    write_atomic(folder / 'runs.csv', to_csv(runs))
    scored_on = ' and '.join(dict.fromkeys(runs['scored_on']))
    notes = ''.join(f'\nNot comparable: {warning}.\n' for warning in warnings)
    table = f'{to_markdown(summary)}\nIn %, on the {scored_on}.\n{notes}'
    write_atomic(folder / 'comparison.md', table)
    draw(summary, folder / 'comparison.png', scored_on)
    print(f'\n{table}\nwritten to {visible(folder)}: comparison.md, comparison.png, runs.csv')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Train what is missing, then write table, CSV file and picture."""
    names = short_names(args.configs)
    check_start(args)
    warnings = differences(args.configs, args.cfg_options)
    for warning in warnings:
        warn(f'{warning}: their figures do not compare the methods')
    signal.signal(signal.SIGTERM, stop)
    rows, failures = run_all(args, RunProcesses(max(1, (os.cpu_count() or 1) // args.jobs)))
    if rows:
        write_tables(rows, names, args.work_dir, warnings)
    if failures:
        more = f'; {len(failures) - 1} more failed: the same command goes on with them' if len(failures) > 1 else ''
        raise UserError(failures[0] + more)
