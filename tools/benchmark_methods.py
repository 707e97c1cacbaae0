"""Train several configs over several seeds and compare them.

`python tools/benchmark_methods.py CONFIG [CONFIG ...] [--seeds 0 1 2] [--work-dir DIR] [--jobs 1]`

An interrupted comparison goes on where it stopped: finished runs are kept, the others are resumed.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ltcl.analysis.comparison import draw, read_run, summarise, to_markdown
from ltcl.errors import UserError
from ltcl.launch import load_config, report_user_errors

TRAIN = Path(__file__).with_name('train.py')


def parse_args() -> argparse.Namespace:
    """Command line of the comparison."""
    parser = argparse.ArgumentParser(description='Compare configs over seeds.')
    parser.add_argument('configs', nargs='+', help='config files, one a method')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmark'), help='folder of runs and tables')
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time; the CPU cores are shared out among them')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='for every run')
    return parser.parse_args()


def short_names(configs: list[str]) -> dict[str, str]:
    """Name of each config in the tables: the method at its beginning, or the whole name where two share a method."""
    stems = {config: Path(config).stem for config in configs}
    methods = [stem.split('_')[0] for stem in stems.values()]
    return {config: stem if methods.count(m := stem.split('_')[0]) > 1 else m for config, stem in stems.items()}


def run_one(config: str, seed: int, args: argparse.Namespace) -> dict:
    """Train or resume one run unless it is finished, and read its figures.

    Raises:
        UserError: The run failed; its log is named.
    """
    method = Path(config).stem
    folder = args.work_dir / method / f'seed{seed}'
    folder.mkdir(parents=True, exist_ok=True)
    figures = read_run(folder)
    if figures is None or figures['epoch'] < load_config(config).train_cfg.max_epochs:
        options = [f'randomness.seed={seed}', *args.cfg_options]
        command = [sys.executable, TRAIN, config, '--work-dir', folder, '--resume', '--cfg-options', *options]
        threads = max(1, (os.cpu_count() or 1) // args.jobs)
        log = folder / 'console.log'
        print(f'training {method}, seed {seed} (log: {log})', flush=True)
        with log.open('a') as output:
            status = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, 'OMP_NUM_THREADS': str(threads)}
            ).returncode
        if status:
            raise UserError(f'{method}, seed {seed} ended with status {status}: see {log}')
        figures = read_run(folder)
    return {'method': short_names(args.configs)[config], 'seed': seed, **figures}


@report_user_errors
def main() -> None:
    """Train what is missing, then write table, CSV file and picture."""
    import pandas as pd

    args = parse_args()
    pairs = [(config, seed) for config in args.configs for seed in args.seeds]
    for config in args.configs:
        load_config(config)
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda pair: run_one(*pair, args), pairs))
    runs = pd.DataFrame(rows)
    summary = summarise(runs)
    runs.to_csv(args.work_dir / 'runs.csv', index=False)
    table = to_markdown(summary)
    (args.work_dir / 'comparison.md').write_text(table)
    draw(summary, args.work_dir / 'comparison.png')
    print(f'\n{table}\nwritten to {args.work_dir}: comparison.md, comparison.png, runs.csv')


if __name__ == '__main__':
    main()
