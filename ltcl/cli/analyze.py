"""Figures of saved predictions, without the model: per class, by shot group, calibration, and what could be gained.

PREDICTIONS is a file of `ltcl test --out`, or a work dir with a predictions.npz. What a change of the scores would give
(temperature, post-hoc logit adjustment tau, class mix) is shown on these images; a value is chosen only by --val,
predictions of other images by the same checkpoint for the same class mix. Shot groups are those of the report beside
the predictions. Beside them, or in --out, it writes analysis.json and analysis_classes.csv.

examples:
  ltcl analyze work_dirs/birds --val work_dirs/birds/val.npz
  ltcl test work_dirs/birds --out work_dirs/birds/predictions.npz
  ltcl test work_dirs/birds --split val --out work_dirs/birds/val.npz
"""

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.errors import UserError

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from ltcl.predictions import SavedPredictions
    from ltcl.predictions.sweeps import Sweep

PREDICTIONS = 'predictions.npz'


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('predictions', metavar='PREDICTIONS', help='.npz file, or a work dir with a predictions.npz')
    parser.add_argument('--val', metavar='FILE.npz', help='validation predictions, by which values are chosen')
    parser.add_argument(
        '--bounds', nargs=2, type=int, metavar=('LOW', 'HIGH'), help='medium-shot counts; as in the test'
    )
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='where the files are written')


def read(path: str) -> 'SavedPredictions':
    """Labelled predictions of a file, or of the one in a work dir.

    Raises:
        UserError: There are none, or no image has a label.
    """
    from ltcl.predictions import load_predictions

    place = Path(path, PREDICTIONS) if Path(path).is_dir() else Path(path)
    found = load_predictions(place).labelled()
    if not len(found.labels):
        raise UserError(f'{place} has no image whose class is known, so there is nothing to count')
    return found


def bounds_of(folder: Path) -> tuple[int, int]:
    """Bounds of the shot groups by the reports in a folder, that of its test first; the usual ones without a report."""
    from ltcl.analysis.run_report import METRICS_FILE
    from ltcl.analysis.tested_files import OWN_TEST, prefix_of_test
    from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
    from ltcl.report.run_files import read_json, reports_of_tests

    own = [folder / f'{prefix}{METRICS_FILE}' for prefix in (prefix_of_test(OWN_TEST), '')]
    for path in (*own, *reports_of_tests(folder)):
        with contextlib.suppress(UserError):  # a file of that name that is none of ours
            if found := read_json(path).get('bounds'):
                return tuple(found)
    return DEFAULT_BOUNDS


@command(options)
def main(args: argparse.Namespace) -> None:
    """Compute, print and write."""
    beside = Path(args.predictions) if Path(args.predictions).is_dir() else Path(args.predictions).parent
    low, high = args.bounds or bounds_of(beside)
    if not 0 <= low <= high:
        raise UserError(f'--bounds {low} {high}: give two counts, the smaller one first')
    folder = args.out or beside
    if not folder.is_dir():
        raise UserError(f'--out {folder} is no folder: make it, or name another')
    from ltcl.predictions.analysis import analyse, write_analysis

    test, val = read(args.predictions), None if args.val is None else read(args.val)
    try:
        found = analyse(test, val, (low, high))
    except UserError as error:
        files = args.predictions if args.val is None else f'{args.predictions} with --val {args.val}'
        raise UserError(f'{files}: {error}') from error
    print_figures(found['overall'])
    for sweep in found['sweeps']:
        print_sweep(sweep)
    for path in write_analysis(found, folder):
        print(path)


def print_figures(figures: dict[str, float]) -> None:
    """One line a figure."""
    for name, value in figures.items():
        print(f'{name:16}{value:>10{"" if isinstance(value, int) else ".2f"}}')


def print_sweep(sweep: 'Sweep') -> None:
    """A table, the chosen row marked."""
    print(f'\n{sweep.name}: {chosen_text(sweep)}')
    names = list(sweep.rows[0])
    print(''.join(f'{name:>11}' for name in names))
    for row in sweep.rows:
        cells = [f'{each:>11.2f}' if isinstance(each, float) else f'{each:>11}' for each in row.values()]
        print(''.join(cells) + (' <- chosen' if row['value'] == sweep.chosen else ''))


def chosen_text(sweep: 'Sweep') -> str:
    """What was chosen, and by what."""
    if sweep.chosen is None:
        return 'nothing is chosen, as test images choose nothing: give --val'
    return f'{sweep.chosen} has the best {sweep.criterion} on the validation images'
