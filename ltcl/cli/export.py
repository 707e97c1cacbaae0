"""Write a trained model as one file that answers without ltcl: ONNX or torch.export.

The file takes RGB images of any size and gives probabilities, of a model that segments those of each pixel: resizing,
cropping, normalisation and softmax are in it, and so are what `ltcl calibrate` stored, and the class mix, an input with
a default (--prior). Names of the classes, version and class counts are in its metadata. It is compared with the model
before it is written, on images of the test set or on those of --check-images; one whose probabilities differ by more
than 0.0001 is not written.

Beside an ONNX file there is predict_onnx.py, which runs it with onnxruntime, Pillow and NumPy alone.

examples:
  ltcl export work_dirs/birds --out birds.onnx
  python predict_onnx.py birds.onnx photos/ --out predictions.csv
  ltcl export work_dirs/birds --format torch --prior natural
  ltcl export work_dirs/cracks --out cracks.onnx
"""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.launch import import_mmpretrain
from ltcl.launch.image_options import at_least, calibration_option

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from ltcl.inference import LongTailClassifier, LongTailSegmenter

SUFFIXES = dict(onnx='.onnx', torch='.pt2')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('run', metavar='RUN', help='work dir of a training (its best checkpoint), or a checkpoint')
    parser.add_argument('--format', choices=tuple(SUFFIXES), help='by default what --out ends in, else onnx')
    parser.add_argument('--out', metavar='FILE', help='.onnx or .pt2 file; by default beside the checkpoint')
    parser.add_argument('--prior', type=_mix, metavar='natural|balanced|FILE', help='class mix that it answers for')
    parser.add_argument('--opset', type=at_least(1), metavar='N', help='version of the ONNX operators, from 18 on')
    parser.add_argument('--check-images', nargs='+', metavar='PATH', help='images or folders to compare answers on')
    parser.add_argument('--config', help='config of the training, for a checkpoint that does not carry it')
    calibration_option(parser)


def parse(parser: ArgumentParser) -> argparse.Namespace:
    """Read the command line, options against each other too."""
    args = parser.parse_args()
    if args.out is not None:
        suffixes = [SUFFIXES[args.format]] if args.format else list(SUFFIXES.values())
        if Path(args.out).suffix not in suffixes:
            parser.error(f'--out {args.out} must end in {" or ".join(suffixes)}')
        if not Path(args.out).absolute().parent.is_dir():
            parser.error(f'there is no folder {Path(args.out).absolute().parent}: make it')
    args.format = args.format or ('torch' if str(args.out).endswith('.pt2') else 'onnx')
    if args.opset is not None and args.format != 'onnx':
        parser.error('--opset is for ONNX: take it out')
    return args


def _mix(text: str) -> str:
    from ltcl.evaluation.class_mixes import ESTIMATE

    if text not in ('natural', 'balanced', ESTIMATE) and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f'{text} is none of natural, balanced, nor a CSV file of shares')
    return text


def load_model(args: argparse.Namespace) -> 'LongTailClassifier | LongTailSegmenter':
    """The model of a run, of either kind, on the CPU."""
    from ltcl.inference import LongTailClassifier, LongTailSegmenter
    from ltcl.inference.runs import SEGMENTATION, read_run

    run = read_run(args.run, args.config, scope=None)
    if run.scope == SEGMENTATION:
        return LongTailSegmenter(run, 'cpu')
    return LongTailClassifier(run, 'cpu', not args.uncalibrated)


@command(options, parse)
def main(args: argparse.Namespace) -> None:
    """Load the model, write it, say how it was compared."""
    import_mmpretrain()
    from ltcl import LongTailClassifier
    from ltcl.export.onnx_file import check_opset, check_packages

    if args.format == 'onnx':
        check_packages()
        check_opset(args.opset)
    model = load_model(args)
    path = args.out or model.run.path.with_suffix(SUFFIXES[args.format])
    options = dict(prior=args.prior, opset=args.opset, check_images=args.check_images)
    exported = model.export(path, args.format, **options)
    agreement = exported.agreement
    size = exported.path.stat().st_size / 1e6
    print(f'{exported.path}: {len(model.classes)} classes, {size:.1f} MB')
    print(
        f'largest difference of a probability from the model, on {agreement.number} {agreement.source}: '
        f'{agreement.difference:.1e}'
    )
    if args.format == 'onnx' and exported.script is None:
        print(f'{exported.path.parent}/predict_onnx.py is another file than that of this version, and was kept')
    elif args.format == 'onnx':
        out = 'predictions.csv' if isinstance(model, LongTailClassifier) else 'masks/'
        print(f'without torch: {shlex.join(["python", str(exported.script), str(exported.path)])} PATH... --out {out}')
