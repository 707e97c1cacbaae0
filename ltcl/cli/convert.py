"""Convert a checkpoint of an original to ltcl, or with --to back to the original's names.

docs/checkpoints.md has one command per original.

examples:
  ltcl convert gpaco_r50.pth.tar --from gpaco --verify ltcl::gpaco/gpaco_resnet50_4xb32-400e_imagenet-lt.py
  ltcl convert work_dirs/RUN/epoch_400.pth --to gpaco
"""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.checkpoints.layouts import SOURCES
from ltcl.errors import UserError
from ltcl.launch import build_runner, load_config
from ltcl.launch.config_values import fill_num_classes
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from mmengine.config import Config

    from ltcl.checkpoints.conversion import Conversion

ENDINGS = re.compile(r'(\.pth|\.pt|\.tar|\.ckpt)+$')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('checkpoint', type=Path, help='file to convert; it is never changed')
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument('--from', dest='source', choices=SOURCES, help='what wrote the file')
    way.add_argument('--to', dest='target', choices=SOURCES, help='the file is of ltcl: convert it back')
    parser.add_argument('--out', type=Path, help='file to write (default: beside the input, NAME.ltcl.pth)')
    parser.add_argument(
        '--keep',
        choices=('all', 'classifier', 'encoder'),
        default='all',
        help='classifier: encoder and classifier only, for a plain classifier; encoder: to start a training from',
    )
    parser.add_argument('--fresh-queue', action='store_true', help="leave the file's queue out")
    check = parser.add_mutually_exclusive_group()
    check.add_argument('--config', help='config whose model the tensors must fit')
    check.add_argument('--verify', metavar='CONFIG', help='the same, and run its model on fixed images')
    parser.add_argument('--data', action='store_true', help='with --verify: accuracy on the test set of the config')


def output_path(checkpoint: Path, out: Path | None, ending: str) -> Path:
    """Where to write.

    Raises:
        UserError: That is the input itself, or no name of a checkpoint.
    """
    out = out or checkpoint.with_name(f'{ENDINGS.sub("", checkpoint.name)}.{ending}.pth')
    if not ENDINGS.search(out.name):
        raise UserError(f'--out {out} must end in .pth, .pt, .tar or .ckpt')
    if out.resolve() == checkpoint.resolve():
        raise UserError(f'--out {out} is the input, which is never overwritten: choose another name')
    return out


def report(result: 'Conversion') -> list[str]:
    """What became of every tensor: a line for each reason, names that begin alike counted together."""
    lines = [f'{result.layout.title}: {len(result.state_dict) - len(result.filled)} tensors converted']
    for verb, reasons in (('left out', result.left_out), ('filled', result.filled)):
        for reason in dict.fromkeys(reasons.values()):
            groups: dict[str, list[str]] = {}
            for name in (name for name, other in reasons.items() if other == reason):
                groups.setdefault(name.split('.')[0], []).append(name)
            names = [same[0] if len(same) == 1 else f'{group}.* ({len(same)})' for group, same in groups.items()]
            lines.append(f'  {verb}: {", ".join(names)} ({reason})')
    return lines


def convert(args: argparse.Namespace) -> Path:
    """Read, convert, check, write; the file that was written.

    Raises:
        UserError: The file is damaged, carries code, is of another source or does not fit the config.
    """
    # After the options, so that a mistyped one is answered at once.
    from ltcl.checkpoints.converting import to_ours
    from ltcl.checkpoints.fitting import build_model, fit_to_model
    from ltcl.checkpoints.reading import read_checkpoint, write_checkpoint
    from ltcl.checkpoints.verifying import output_statistics

    config = args.verify or args.config
    if args.data and not args.verify:
        raise UserError('--data measures accuracy on the test set of a config: give --verify CONFIG')
    cfg = load_config(config) if config else None
    if cfg is not None:
        fill_num_classes(cfg)
    out = output_path(args.checkpoint, args.out, 'ltcl')
    result = to_ours(read_checkpoint(args.checkpoint), args.source, args.keep, with_queue=not args.fresh_queue)
    model = build_model(cfg) if cfg else None
    if model is not None:
        fit_to_model(result, model)
    print('\n'.join(map(visible, report(result))))
    if args.verify and model is not None:
        model.load_state_dict(result.state_dict, strict=not result.is_encoder)
        print('\n'.join(output_statistics(model, result.is_encoder).lines()))
    write_checkpoint(out, dict(meta=dict(converted_from=args.source), state_dict=result.state_dict))
    print(f'saved: {visible(out)}')
    if args.data:
        measure(cfg, out, result.is_encoder)
    return out


def measure(cfg: 'Config', checkpoint: Path, is_encoder: bool) -> None:
    """Test the converted file as `ltcl test` does; what that writes lies in a folder beside it.

    Raises:
        UserError: There is no classifier to test.
    """
    if is_encoder:
        raise UserError('--data needs a classifier, but only an encoder was converted: train one on it first')
    cfg.load_from = str(checkpoint)
    cfg.work_dir = str(checkpoint.with_name(f'{checkpoint.stem}_test'))
    cfg.launcher = 'none'
    build_runner(cfg).test()


def refuse_options(args: argparse.Namespace) -> None:
    """Refuse what is for ``--from`` alone.

    Raises:
        UserError: Names the first such option.
    """
    given = {'--keep': args.keep != 'all', '--fresh-queue': args.fresh_queue, '--data': args.data}
    given |= {'--config': args.config is not None, '--verify': args.verify is not None}
    for name in (name for name, is_given in given.items() if is_given):
        raise UserError(f'{name} is for --from: leave it out, as --to {args.target} writes all that the original has')


def convert_back(args: argparse.Namespace) -> Path:
    """Write the weights of a run of ours under the names of an original.

    Raises:
        UserError: An option is for ``--from``, or the file is damaged, carries code or is of another method.
    """
    refuse_options(args)
    from ltcl.checkpoints.conversion import weights_of
    from ltcl.checkpoints.converting import to_theirs
    from ltcl.checkpoints.reading import load_from_local, write_checkpoint
    from ltcl.checkpoints.run_state import meta_of

    out = output_path(args.checkpoint, args.out, args.target)
    checkpoint = load_from_local(str(args.checkpoint))
    # A converted file may have been trimmed with --keep.
    is_whole = meta_of(checkpoint).get('converted_from') != args.target
    result = to_theirs(weights_of(checkpoint)[0], args.target, is_whole)
    print('\n'.join(map(visible, report(result))))
    container = result.layout.container
    write_checkpoint(out, {container: result.state_dict} if container else result.state_dict)
    print(f'saved: {visible(out)}')
    return out


@command(options)
def main(args: argparse.Namespace) -> None:
    """Convert in the direction that the options name."""
    convert(args) if args.source else convert_back(args)
