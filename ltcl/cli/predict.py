"""Classify images with a trained model.

The table has the columns path,class,probability; with --top 2 also class_2,probability_2, and so on. In a .json file it
is a list of dicts. The class of an answer below --reject is empty. An image that cannot be read has neither class nor
probability; it is listed at the end, and the status is then 4. Ctrl-C writes what is done: predictions.csv becomes
predictions.partial.csv.

The class mix that the images come from, --prior: 'natural', that of the training images; 'balanced'; 'estimate', found
from the images themselves; or a CSV file with the columns class,share. By default the one of `ltcl calibrate`,
else that which the head was trained to answer for, as in `ltcl test`.

examples:
  ltcl predict work_dirs/birds photos/ --out predictions.csv --top 3
  ltcl predict work_dirs/birds/epoch_20.pth a.jpg b.jpg --prior natural --reject 0.5
  ltcl predict work_dirs/birds photos/ --reject stored
  ltcl predict work_dirs/birds photos/ --prior shares.csv --out predictions.json
"""

import argparse
import signal
import sys
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch.exit_codes import stopped_by
from ltcl.launch.image_options import (
    STORED,
    at_least,
    calibration_option,
    check_rejection,
    counted_images,
    end_with,
    file_type,
    image_options,
    mix,
    rejection,
)
from ltcl.launch.threads import set_threads

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    image_options(parser)
    parser.add_argument(
        '--out',
        type=file_type('.csv', '.json'),
        metavar='FILE',
        help='.csv or .json file; by default CSV is printed',
    )
    parser.add_argument('--top', type=at_least(1), default=1, metavar='K', help='classes of each answer')
    parser.add_argument(
        '--prior', type=mix, metavar='natural|balanced|estimate|FILE', help='class mix that the images come from'
    )
    parser.add_argument(
        '--reject',
        type=rejection,
        default=0.0,
        metavar='P|stored',
        help='least probability of an answer; stored: those that `ltcl calibrate --precision` chose by shot group',
    )
    calibration_option(parser)


@command(options)
def main(args: argparse.Namespace) -> None:
    """Load the model, classify, write the table."""
    from ltcl import LongTailClassifier
    from ltcl.inference.answers import PredictionStopped
    from ltcl.inference.tables import table_of, write_table

    check_rejection(args.reject, args.prior, args.uncalibrated)
    set_threads(args.threads)
    model = LongTailClassifier.load(args.run, args.device, args.config, not args.uncalibrated)
    reject = model.thresholds if args.reject == STORED else args.reject
    options = dict(batch_size=args.batch_size, num_workers=args.num_workers)
    stopped = None
    try:
        with counted_images() as listener:
            predictions = model.predict(args.paths, args.top, args.prior, **options, listener=listener)
    except PredictionStopped as stop:
        stopped, predictions = stop, stop.predictions
        if not predictions:
            raise
        args.out = args.out and Path(args.out).with_suffix(f'.partial{Path(args.out).suffix}')
    unreadable = {str(each.path): each.error for each in predictions if each.error is not None}
    if len(unreadable) == len(predictions) and not stopped:
        path, reason = next(iter(unreadable.items()))
        raise UserError(f'none of the {len(predictions)} images can be read, such as {path} ({reason})')
    top = min(args.top, len(model.classes))
    text = table_of(predictions, '.json' if str(args.out).endswith('.json') else '.csv', top, reject)
    if args.out is None:
        sys.stdout.write(text)
    else:
        write_table(args.out, text)
        print(f'{len(predictions)} images in {args.out}', file=sys.stderr)
    if stopped:
        print(f'stopped: {stopped}', file=sys.stderr)
        sys.exit(stopped_by(signal.SIGINT))
    end_with(unreadable)
