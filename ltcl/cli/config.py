"""Print a config with all that it inherits, as a Python config that can be saved, changed and trained.

examples:
  ltcl config ltcl::paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py > my_config.py
  ltcl config my_config.py --cfg-options max_epochs=50 --out short.py
"""

import argparse
import math
import signal
from pathlib import Path

from mmengine.config import Config

from ltcl.launch import config_options, load_config, set_options

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    config_options(parser)
    parser.add_argument('--out', type=Path, metavar='FILE', help='.py file to write (default: print)')


class NoNumber(float):
    """Infinity or NaN, written as Python that reads it again."""

    def __repr__(self) -> str:
        return f"float('{float(self)}')"

    __str__ = __repr__


def readable(value: object) -> object:
    """The same entries, every number among them such that its text is Python."""
    if isinstance(value, dict):
        return {key: readable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(readable, value))
    return NoNumber(value) if isinstance(value, float) and not math.isfinite(value) else value


@command(options)
def main(args: argparse.Namespace) -> None:
    """Read, change, print; nothing that the config names is imported."""
    cfg = set_options(load_config(args.config, with_imports=False), args.cfg_options, with_imports=False)
    text = f'{Config(readable(cfg.to_dict())).pretty_text}\n'
    if args.out is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
        print(text, end='')
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text, encoding='utf-8')
