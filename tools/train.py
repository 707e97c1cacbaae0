"""Train any config: `python tools/train.py CONFIG [--work-dir DIR] [--resume [auto|PATH]] [--cfg-options k=v ...]`."""

import argparse
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch import apply_options, build_runner, load_config, report_user_errors, run_options


def parse_args() -> argparse.Namespace:
    """Command line of the training tool."""
    parser = argparse.ArgumentParser(description='Train a config.')
    run_options(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='auto|PATH',
        help="go on from a checkpoint; 'auto' (the default without a value) takes the newest one of the work dir",
    )
    parser.add_argument(
        '--amp',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
        help='precision of the forward pass: bfloat16 (any device) or float16 (CUDA)',
    )
    return parser.parse_args()


@report_user_errors
def main() -> None:
    """Build the config and train it."""
    args = parse_args()
    cfg = apply_options(load_config(args.config), args)
    if args.resume not in (None, 'auto') and not Path(args.resume).is_file():
        raise UserError(f'--resume {args.resume}: no such checkpoint; --resume auto takes the newest of the work dir')
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.amp == 'bfloat16':
        cfg.optim_wrapper.type = 'ltcl.Bfloat16OptimWrapper'
    elif args.amp == 'float16':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    build_runner(cfg).train()


if __name__ == '__main__':
    main()
