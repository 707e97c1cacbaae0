"""List what there is to choose from: configs, methods, data sets, backbones, blocks; words choose among them.

The first word names the kind; without one it is configs, whose names have all of the words.

examples:
  ltcl list
  ltcl list paco imagenet-lt
  ltcl list methods
  ltcl list backbones efficientnet
  ltcl list blocks loss
  ltcl train $(ltcl list gpaco small)
"""

import argparse
import signal
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from ltcl.errors import UserError
from ltcl.neutral_text import visible
from ltcl.shipped import PREFIX, shipped_configs

from .parser import ArgumentParser, command

Lines = dict[str, list[str]]
"""What is printed, in paragraphs by their titles."""


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument(
        'words',
        nargs='*',
        metavar='WORD',
        help=f'{", ".join(KINDS)}; then parts of names, such as bcl, resnet50 or cifar100-lt',
    )


def configs() -> Lines:
    """Names of all configs, those of a method together."""
    by_method = groupby(shipped_configs(), key=lambda name: name.rpartition('/')[0])
    return {method: [f'{PREFIX}{name}' for name in names] for method, names in by_method}


def methods() -> Lines:
    """Each method with its folder of configs, their number and its paper."""
    from ltcl.catalogue import methods as known

    return {'': [f'{each.name:36} {each.folder:22} {each.configs:3} configs  {each.paper}' for each in known()]}


def datasets() -> Lines:
    """Each data set with the folder where the configs expect it."""
    from ltcl.catalogue import data_roots

    found = data_roots().items()
    return {'': [f'{name:24} {root:34} {"here" if Path(root).is_dir() else "not here"}' for name, root in found]}


def backbones() -> Lines:
    """Names that --backbone takes."""
    from ltcl.catalogue import backbones as known

    return {library: [f'{library}/{name}' for name in names] for library, names in known().items()}


def blocks() -> Lines:
    """The parts that a config can name."""
    from ltcl.catalogue import blocks as known

    return {kind: [f'{kind:18} {name:34} {about}' for name, about in parts.items()] for kind, parts in known().items()}


KINDS: dict[str, Callable[[], Lines]] = {
    'configs': configs,
    'methods': methods,
    'datasets': datasets,
    'backbones': backbones,
    'blocks': blocks,
}


def chosen(lines: Iterable[str], words: Iterable[str]) -> list[str]:
    """The lines that have all words in them, capitals or not."""
    return [line for line in lines if all(word.lower() in line.lower() for word in words)]


@command(options)
def main(args: argparse.Namespace) -> None:
    """Print one thing a line, a blank line between groups.

    Raises:
        UserError: Nothing has these words in it.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
    kind, words = (args.words[0], args.words[1:]) if args.words[:1] and args.words[0] in KINDS else ('', args.words)
    paragraphs = [chosen(lines, words) for lines in KINDS[kind or 'configs']().values()]
    if not any(paragraphs):
        raise UserError(_nothing(kind, words))
    print('\n\n'.join('\n'.join(map(visible, lines)) for lines in paragraphs if lines))


def _nothing(kind: str, words: list[str]) -> str:
    from ltcl.launch.config_names import similar_names

    if kind:
        return f'none of the {kind} has {" and ".join(words)} in its line: `ltcl list {kind}` shows all'
    hint = similar_names(words[0], KINDS, cutoff=0.7)
    return f'no config has {" and ".join(words)} in its name: {hint or "`ltcl list` shows all"}'
