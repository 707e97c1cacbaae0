"""Make the probabilities of a trained classifier mean what they say, by its validation images.

Fitted is a temperature, by which the scores are divided: probabilities change, no answer does. With --prior the class
mix that the scores answer for is fitted too, and from then on they answer for the mix that is named: answers change,
mostly from rare to frequent classes for `--prior validation`, the mix of the validation images. A table says what each
choice gives. What is fitted is stored in the checkpoint of RUN (a work dir: its best one), and `ltcl predict`, `ltcl
test`, `ltcl export` and ltcl.LongTailClassifier use it from then on; the weights stay as they are. DATA is a folder of
other images in class folders, to fit on in the place of the validation images. Test images choose nothing: they are the
check. DATA may also be the folder of the training images, if it was moved: then it is fitted on their validation part.

examples:
  ltcl calibrate work_dirs/birds
  ltcl calibrate work_dirs/birds --by group --precision 0.95
  ltcl calibrate work_dirs/birds --prior validation
  ltcl calibrate work_dirs/birds --undo
"""

import argparse
from pathlib import Path

from .parser import ArgumentParser, command

PRIORS = ('keep', 'validation', 'natural', 'balanced')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('run', metavar='RUN', help='work dir of a training (its best checkpoint), or a checkpoint')
    parser.add_argument('data', nargs='?', metavar='DATA', help='where the images are now; folder of others to fit on')
    parser.add_argument('--by', choices=('all', 'group'), default='all', help='one temperature, or one a shot group')
    parser.add_argument(
        '--prior',
        type=prior,
        default='keep',
        metavar='keep|validation|natural|balanced|FILE',
        help='class mix to answer for (keep: that of the training, no answer changes)',
    )
    parser.add_argument('--precision', type=share, metavar='P', help='choose thresholds for --reject stored, by group')
    parser.add_argument(
        '--bounds', nargs=2, type=int, metavar=('LOW', 'HIGH'), help='medium-shot counts; as in the test'
    )
    parser.add_argument('--halves', action='store_true', help='fit on one half of the images, check on the other')
    parser.add_argument('--dry-run', action='store_true', help='show everything and store nothing')
    parser.add_argument('--undo', action='store_true', help='take the calibration out of the checkpoint')


def prior(text: str) -> str:
    """A type for an option: the name of a class mix, or a file that is there."""
    if text not in PRIORS and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f'{text} is none of {", ".join(PRIORS)}, nor a CSV file of shares')
    return text


def share(text: str) -> float:
    """A type for an option: a number above 0, up to 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f'{text} is no share of right answers, such as 0.95')
    return value


def parse(parser: ArgumentParser) -> argparse.Namespace:
    """Read the command line, options against each other too."""
    args = parser.parse_args()
    if args.precision is not None and args.prior not in ('validation', 'keep'):
        parser.error('--precision counts right answers on images as they are: omit --prior, or take validation')
    if args.bounds is not None and not 0 <= args.bounds[0] <= args.bounds[1]:
        parser.error(f'--bounds {args.bounds[0]} {args.bounds[1]}: give two counts, the smaller one first')
    return args


@command(options, parse)
def main(args: argparse.Namespace) -> None:
    """Collect the answers, fit, show, store."""
    from ltcl.calibration.storing import store, take_out
    from ltcl.checkpoints.choosing import checkpoint_of

    path = checkpoint_of(args.run)
    if args.undo:
        take_out(path)
        print(f'{path} answers as it was trained to')
        return
    from ltcl.calibration.calibrating import Choice, calibrate
    from ltcl.calibration.collecting import collect
    from ltcl.calibration.showing import show

    answers = collect(str(path), args.data, args.halves)
    bounds = answers.bounds if args.bounds is None else tuple(args.bounds)
    choice = Choice(args.by == 'group', args.prior, args.precision, bounds)
    found = calibrate(answers.val, choice)
    show(found, answers, choice)
    if args.dry_run:
        print('nothing is stored')
        return
    store(path, found.calibration)
    print(f'stored in {path}, which `ltcl predict`, `test` and `export` use from now on; --undo takes it out')
