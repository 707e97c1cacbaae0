"""The command line that the stages share."""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from results import Results

from ltcl.launch.threads import use_free_cores


def start(
    measure: Callable[[argparse.Namespace, Results], None],
    add_options: Callable[[argparse.ArgumentParser], object] = lambda parser: None,
) -> None:
    """Read the command line and measure.

    Args:
        measure: Adds figures to the results.
        add_options: Adds options of this stage.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--quick', action='store_true')
    add_options(parser)
    args = parser.parse_args()
    use_free_cores(torch.get_num_threads())
    measure(args, Results(args.out))
