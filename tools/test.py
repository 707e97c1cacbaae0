"""Test a checkpoint: `python tools/test.py CONFIG CHECKPOINT [--out FILE] [--cfg-options k=v ...]`."""

import argparse
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch import apply_options, build_runner, load_config, report_user_errors, run_options


def parse_args() -> argparse.Namespace:
    """Command line of the test tool."""
    parser = argparse.ArgumentParser(description='Test a checkpoint on the test set of its config.')
    run_options(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='write score, predicted and true label of every image to this .pkl file')
    return parser.parse_args()


@report_user_errors
def main() -> None:
    """Build the config, load the checkpoint and test it."""
    args = parse_args()
    if not Path(args.checkpoint).is_file():
        raise UserError(f'checkpoint {args.checkpoint} does not exist; training writes them to its work dir')
    if args.out is not None and not args.out.endswith('.pkl'):
        raise UserError(f'--out {args.out} must end in .pkl')
    cfg = apply_options(load_config(args.config), args)
    cfg.load_from = args.checkpoint
    if args.out is not None:
        cfg.test_evaluator = [*cfg.test_evaluator, dict(type='DumpResults', out_file_path=args.out)]
    build_runner(cfg).test()


if __name__ == '__main__':
    main()
