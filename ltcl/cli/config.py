"""Print a config with all that it inherits, as a Python config that can be saved, changed and trained.

examples:
  ltcl config ltcl::paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py > my_config.py
  ltcl config my_config.py --cfg-options max_epochs=50 --out short.py
"""

import argparse
import signal
from pathlib import Path

from ltcl.launch import config_options, load_config, set_options
from ltcl.launch.config_text import text_of

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    config_options(parser)
    parser.add_argument('--out', type=Path, metavar='FILE', help='.py file to write (default: print)')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Read, change, print; nothing that the config names is imported."""
    cfg = set_options(load_config(args.config, with_imports=False), args.cfg_options, with_imports=False)
    text = text_of(cfg.to_dict())
    if args.out is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
        print(text, end='')
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text, encoding='utf-8')
