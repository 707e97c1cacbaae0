"""Classify or segment images with a trained model.

The table has the columns path,class,probability; with --top 2 also class_2,probability_2, and so on. In a .json file it
is a list of dicts. The class of an answer below --reject is empty. An image that cannot be read has neither class nor
probability; it is listed at the end, and the status is then 4. Ctrl-C writes what is done: predictions.csv becomes
predictions.partial.csv.

The class mix that the images come from, --prior: 'natural', that of the training images; 'balanced'; 'estimate', found
from the images themselves; or a CSV file with the columns class,share. By default the one of `ltcl calibrate`,
else that which the head was trained to answer for, as in `ltcl test`.

Of a model that segments, --out is a folder. It gets a mask of each image, a PNG of its size with the values that the
masks of the training had, and predictions.csv: the mean confidence of an image and the share of each class in its
pixels. Pixels below --reject are void. After a stop the same command goes on: masks that are made are kept.

examples:
  ltcl predict work_dirs/birds photos/ --out predictions.csv --top 3
  ltcl predict work_dirs/birds/epoch_20.pth a.jpg b.jpg --prior natural --reject 0.5
  ltcl predict work_dirs/birds photos/ --reject stored
  ltcl predict work_dirs/birds photos/ --prior shares.csv --out predictions.json
  ltcl predict work_dirs/cracks photos/ --out masks/
  ltcl predict work_dirs/cracks photos/ --out masks/ --overlay --table masks.json
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain
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
    partial_file,
    rejection,
)
from ltcl.launch.threads import set_threads

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from ltcl.inference.mask_files import Masks
    from ltcl.inference.runs import SavedRun

TABLES = ('.csv', '.json')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    image_options(parser)
    parser.add_argument(
        '--out',
        type=table_or_folder,
        metavar='FILE|FOLDER',
        help='.csv or .json file, by default CSV is printed; of a segmentation a folder',
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
    parser.add_argument(
        '--overlay', action='store_true', help='of a segmentation: pictures of the classes over the images as well'
    )
    parser.add_argument(
        '--table',
        type=file_type(*TABLES),
        metavar='FILE',
        help='of a segmentation: its table as .json or .csv file too',
    )
    calibration_option(parser)


def table_or_folder(text: str) -> str:
    """A type for an option: a table to be written, or a folder, whose name has no other ending or is there."""
    suffix = Path(text).suffix
    is_folder = not suffix or text.endswith(os.sep) or (Path(text).is_dir() and suffix not in TABLES)
    return text if is_folder else file_type(*TABLES)(text)


@command(options)
def main(args: argparse.Namespace) -> None:
    """Load the model and use it."""
    import_mmpretrain()
    from ltcl.inference.runs import SEGMENTATION, read_run

    check_rejection(args.reject, args.prior, args.uncalibrated)
    set_threads(args.threads)
    run = read_run(args.run, args.config, scope=None)
    (segment if run.scope == SEGMENTATION else classify)(run, args)


def classify(run: 'SavedRun', args: argparse.Namespace) -> None:
    """Classify, write the table."""
    from ltcl.inference import LongTailClassifier
    from ltcl.inference.answers import PredictionStopped
    from ltcl.inference.tables import table_of, write_table

    for name in ('overlay', 'table'):
        if getattr(args, name):
            raise UserError(f'--{name} is for a segmentation, and {run.path} classifies images: omit it')
    if args.out is not None and not args.out.endswith(TABLES):
        raise UserError(f'--out {args.out} must end in {" or ".join(TABLES)}: {run.path} classifies images')
    model = LongTailClassifier(run, args.device, not args.uncalibrated)
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
        args.out = args.out and partial_file(args.out)
    unreadable = {str(each.path): each.error for each in predictions if each.error is not None}
    if not stopped:
        refuse_none(unreadable, len(predictions))
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


def segment(run: 'SavedRun', args: argparse.Namespace) -> None:
    """Segment, write masks and table."""
    from ltcl.export.predict_onnx import outside
    from ltcl.inference import LongTailSegmenter
    from ltcl.inference.images import find_images
    from ltcl.inference.mask_files import TABLE, MasksStopped, open_masks
    from ltcl.inference.tables import write_table
    from ltcl.own_scenes.without_masks import without_masks

    refuse_options_of_classifiers(args)
    model = LongTailSegmenter(run, args.device)
    model.shift(args.prior)
    found = list(dict.fromkeys(str(source.path) for source in find_images(args.paths)))
    images = without_masks(outside(found, args.paths, args.out), args.paths)
    if len(images) < len(found):
        print(f'left out: {len(found) - len(images)} masks that lie among the images', file=sys.stderr)
    masks = open_masks(args.out, args.paths, images, model, args.prior, args.reject, args.overlay)
    tell_kept(masks)
    unreadable: dict[str, str] = {}
    if masks.left:
        options = dict(reject=args.reject, batch_size=args.batch_size, num_workers=args.num_workers)
        try:
            with counted_images() as listener:
                unreadable = masks.fill(model.stream(masks.left, args.prior, **options, listener=listener))
        except MasksStopped as stop:
            print(f'stopped: {stop}', file=sys.stderr)
            sys.exit(stopped_by(signal.SIGINT))
    refuse_none(unreadable, len(images))
    if args.table is not None:
        write_table(args.table, masks.table(unreadable, Path(args.table).suffix), '--table')
    void = f'; pixels below --reject have the value {model.values.void}' if args.reject else ''
    print(f'masks of {len(images) - len(unreadable)} images and {TABLE} in {args.out}{void}', file=sys.stderr)
    end_with(unreadable)


def tell_kept(masks: 'Masks') -> None:
    """Say which masks of an earlier run stay."""
    if masks.kept:
        print(f'{len(masks.kept)} of {len(masks.names)} images have their mask, which is kept', file=sys.stderr)
    if masks.changes:
        print(
            f'the masks in {masks.path} are of another {", ".join(masks.changes)}: they are made anew', file=sys.stderr
        )


def refuse_options_of_classifiers(args: argparse.Namespace) -> None:
    """Refuse what a segmentation has no answer to.

    Raises:
        UserError: There is no folder to write to, or an option is for classifiers.
    """
    if args.out is None or args.out.endswith(TABLES):
        raise UserError(f'{args.run} is a segmentation, which writes a mask of each image: name a folder, --out FOLDER')
    if args.top > 1:
        raise UserError(f'--top {args.top}: a mask has the likeliest class of each pixel alone: omit it')
    if args.reject == STORED:
        raise UserError('--reject stored: `ltcl calibrate` is for classifiers of images: give a probability')


def refuse_none(unreadable: Mapping[str, str | None], number: int) -> None:
    """Refuse images of which none can be read.

    Raises:
        UserError: It is so.
    """
    if len(unreadable) == number:
        path, reason = next(iter(unreadable.items()))
        raise UserError(f'none of the {number} images can be read, such as {path} ({reason})')
