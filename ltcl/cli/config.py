"""Print a config with all that it inherits, as a Python config that can be saved, changed and trained.

examples:
  ltcl config ltcl::paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py > my_config.py
  ltcl config my_config.py --cfg-options max_epochs=50 --out short.py
"""

import argparse
import signal
from typing import TYPE_CHECKING

from ltcl.files import write_atomic
from ltcl.launch import config_options, import_scope, load_config, set_options
from ltcl.launch.building import import_custom_modules
from ltcl.launch.config_names import is_variable
from ltcl.launch.config_text import text_of
from ltcl.launch.image_options import file_type
from ltcl.launch.parts import check_parts
from ltcl.launch.values import check_values

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from mmengine.config import Config


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    config_options(parser)
    parser.add_argument('--out', type=file_type('.py'), metavar='FILE', help='.py file to write (default: print)')


def check_changed(cfg: 'Config', names: set[str]) -> None:
    """Refuse options that a training would refuse, which what is printed would carry on.

    Args:
        cfg: The config, changed.
        names: Top-level entries that were named; variables and the length of the run are no parts.

    Raises:
        UserError: A part has no such option, or takes no such value.
    """
    changed = [name for name in names if not is_variable(name)]
    if changed:
        import_scope(cfg.get('default_scope') or 'mmpretrain')
        import_custom_modules(cfg)
        check_parts(cfg, changed)


@command(options)
def main(args: argparse.Namespace) -> None:
    """Read, change, print; nothing that the config names is imported, unless options change a part of it."""
    cfg = set_options(load_config(args.config, with_imports=False), args.cfg_options, with_imports=False)
    if args.cfg_options:
        check_values(cfg)
        check_changed(cfg, {key.split('.')[0] for key in args.cfg_options})
    text = text_of(cfg.to_dict())
    if args.out is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
        print(text, end='')
    else:
        write_atomic(args.out, text)
