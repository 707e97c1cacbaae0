"""The command ``ltcl``: finds the file of a command by its name and hands the other words on to it.

Nothing is imported but what is called, so that ``ltcl --help`` answers at once.
"""

import difflib
import sys
from importlib import import_module

from ltcl.version import __version__

from .parser import ArgumentParser

# What `ltcl data check` does stands in the file data_check.py.
COMMANDS = {
    'train': 'train a config, or go on with a run',
    'test': 'test a checkpoint, or several as an ensemble',
    'predict': 'classify images with a trained model',
    'embed': 'write the features of images',
    'export': 'write a trained model as ONNX or torch.export',
    'convert': "turn a checkpoint of the authors' code into one of ltcl, or back",
    'config': 'print a config with all that it inherits',
    'list': 'list configs, methods, data sets, backbones or blocks',
    'cache': 'show what is kept from one run to the next, and remove it',
    'doctor': 'look at this machine: does ltcl work here?',
    'compare': 'train several configs over several seeds, one table',
    'calibrate': 'fit temperature and, if asked to, class prior to validation images',
    'analyze': 'figures of saved predictions, and what could be gained',
    'report': 'write a page about a run, or compare several',
    'robustness': 'test a checkpoint on corrupted, rendered and sketched images',
    'features': 'look at the feature space of a run: t-SNE, angles, neural collapse',
    'geometry': 'measure how evenly an encoder spreads the classes',
    'targets': 'make the fixed targets of TSC',
    'stats': 'look at the images of a folder or a config: tail, damage, copies, labels',
    'browse': 'show images as the network gets them, every view',
    'seg-stats': 'count the classes of a segmentation data set',
    'data check': 'compare a data set on disk with what is known of it',
    'data split': 'divide own images into training and validation, for good',
    'data corrupt': 'corrupt the images of a test set',
    'data fashion-mnist': 'get the files of Fashion-MNIST',
    'data openclipart': 'make a long-tailed data set of clip art',
    'data fashion-scenes': 'compose segmentation scenes of Fashion-MNIST garments',
}


def main() -> None:
    """Run the command that the command line names, as if its file had been called."""
    words = sys.argv[1:]
    for length in (2, 1):
        name = ' '.join(words[:length])
        if name in COMMANDS:
            sys.argv = [f'ltcl {name}', *words[length:]]
            import_module(f'ltcl.cli.{name.replace(" ", "_").replace("-", "_")}').main()
            return
    group = next((f'{word} ' for word in words[:1] if any(name.startswith(f'{word} ') for name in COMMANDS)), '')
    answer(group, words[1:] if group else words)


def answer(group: str, words: list[str]) -> None:
    """Say which commands there are, or that there is none of this name; the status is 2 unless that was asked.

    Args:
        group: First word of the commands, with a space, or nothing for all of them.
        words: What follows it.
    """
    names = {name.removeprefix(group): about for name, about in COMMANDS.items() if name.startswith(group)}
    lines = [f'  {name:20}{about}' for name, about in names.items()]
    parser = ArgumentParser('Long-tailed contrastive learning.', prog=f'ltcl {group}'.strip())
    parser.epilog = '\n'.join(['commands:', *lines, '', f'{parser.prog} COMMAND --help shows options and examples.'])
    parser.add_argument('--version', action='version', version=f'ltcl {__version__}')
    parser.add_argument('command', metavar='COMMAND', nargs='?')
    parser.add_argument('words', metavar='...', nargs='*', help='options of the command')
    command = parser.parse_known_args(words)[0].command
    if command is None:
        parser.print_help(sys.stderr)
        parser.exit(2)
    similar = difflib.get_close_matches(command, names, n=1, cutoff=0.4)
    parser.error(f'there is no command {command}' + (f': did you mean {similar[0]}?' if similar else ''))
