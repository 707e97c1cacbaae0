"""Run every benchmark of this folder, print one table, and exit with status 1 if a goal is missed."""

import json
import subprocess
import sys
from pathlib import Path

from common import Figure, print_table

FOLDER = Path(__file__).resolve().parent
NOT_BENCHMARKS = ('common', 'floors', 'networks', 'run_all', 'smoothing_calibration')


def run_benchmark(script: Path, json_file: Path) -> list[Figure] | None:
    """Run one benchmark in its own process.

    Args:
        script: The benchmark.
        json_file: Where it writes its figures.

    Returns:
        The figures, or None when it failed; what it printed is shown then.
    """
    json_file.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, str(script), '--json', str(json_file)], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        return None
    return [Figure(**record) for record in json.loads(json_file.read_text())]


def summary(figures: list[Figure], failed: list[str]) -> list[str]:
    """One line for each benchmark that failed and each goal that is missed."""
    lines = [f'failed: {name}' for name in failed]
    missed = (figure for figure in figures if figure.met is False)
    return lines + [f'goal missed: {each.name} is {each.value:.3g} {each.unit}, goal {each.bound}' for each in missed]


def main() -> None:
    """Run all, print one table, report what is missed."""
    figures, failed = [], []
    for script in sorted(FOLDER.glob('*.py')):
        if script.stem in NOT_BENCHMARKS:
            continue
        print(f'running {script.stem} ...', flush=True)
        measured = run_benchmark(script, FOLDER / 'results' / f'{script.stem}.json')
        if measured is None:
            failed.append(script.stem)
        figures += measured or []
    print_table('all benchmarks', figures)
    lines = summary(figures, failed)
    print('\n'.join(lines or ['all goals met']))
    sys.exit(bool(lines))


if __name__ == '__main__':
    main()
