"""Write a page about a run, or one that compares several: report.html, which opens anywhere, without a network.

The page is made from the files of the run, without a GPU. A diagnosis, the confusion matrix, confidence and pictures
of wrong answers need predictions.npz in the work dir, which a training and a test write there.

examples:
  ltcl report work_dirs/birds
  ltcl report work_dirs/birds --predictions other.npz --out birds.html
  ltcl report work_dirs/benchmark/bcl/seed0 work_dirs/benchmark/bcl/seed1 work_dirs/benchmark/paco/seed0
"""

import argparse
import os
import shlex
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch.image_options import file_type
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('runs', nargs='+', type=Path, metavar='RUN', help='work dir of a run')
    parser.add_argument(
        '--out',
        type=file_type('.html'),
        metavar='FILE',
        help='.html file; by default RUN/report.html, of several runs comparison.html here',
    )
    parser.add_argument('--predictions', type=Path, metavar='FILE', help='by default predictions.npz in the work dir')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Read the runs, write the page."""
    from ltcl.report.page import PAGE_FILE, write_page
    from ltcl.report.run_files import read_run

    folders = list({os.path.realpath(folder): folder for folder in args.runs}.values())
    if args.predictions is not None and len(folders) > 1:
        raise UserError('--predictions is for one run: leave it out to compare several')
    runs = [read_run(folder, args.predictions) for folder in folders]
    out = Path(args.out or (folders[0] / PAGE_FILE if len(runs) == 1 else 'comparison.html'))
    try:
        write_page(runs, out)
    except OSError as error:
        raise UserError(f'{out} cannot be written ({error.strerror or error}): name another file with --out') from error
    print(f'Report in {visible(out)}')
    run, saved = (shlex.quote(visible(each)) for each in (folders[0], f'{folders[0]}/predictions.npz'))
    if len(runs) == 1 and (folder := runs[0].gone_folder) is not None:
        print(
            f'It lacks the pictures of wrong answers: they were in {visible(folder)}, which is not there any more. '
            f'`ltcl test {run} DATA --out {saved}` finds them in the folder DATA where they are now'
        )
    if len(runs) == 1 and runs[0].answers is None and runs[0].scenes is None:
        if runs[0].left_out:
            print(visible(f'The predictions in the folder are left out: {runs[0].left_out}'))
            return
        print(f'It lacks what predictions tell: write them with `ltcl test {run} --out {saved}`')
