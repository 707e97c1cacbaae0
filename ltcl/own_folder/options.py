"""Options of `ltcl train` that are for a folder of images, and those that are for a config."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch.config_files import LISTS, no_such_word
from ltcl.launch.image_options import seed_number
from ltcl.shipped import find_config

# Attribute of each option, and what does the same for a config.
FOLDER_ONLY = {
    'method': 'name the config of the method',
    'start_from': '--cfg-options load_from=CHECKPOINT',
    'epochs': '--cfg-options max_epochs=N',
    'batch_size': '--cfg-options train_dataloader.batch_size=N',
    'lr': '--cfg-options optim_wrapper.optimizer.lr=X',
    'seed': '--cfg-options randomness.seed=N',
    'val_share': '--cfg-options val_share=X',
    'groups': '`ltcl data split FOLDER --groups X` divides its images',
    'patience': '--cfg-options custom_hooks="[dict(type=\'ltcl.PatienceHook\', patience=N)]"',
    'cache_images': '--cfg-options custom_hooks="[dict(type=\'ltcl.SharedImagesHook\')]"',
    'dry_run': '`ltcl config CONFIG`',
}


def number(kind: type, least: float, below: float = float('inf')) -> Callable[[str], float]:
    """What reads a number of a range from the command line."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value < below:
            word = 'whole number' if kind is int else 'number'
            end = '' if below == float('inf') else f' and less than {below:g}'
            raise argparse.ArgumentTypeError(f'{text} is no {word} of at least {least:g}{end}')
        return value

    return read


def folder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that are for a folder of images."""
    group = parser.add_argument_group('with a folder of images')
    group.add_argument('--method', metavar='NAME', help='such as balanced-softmax (the default), gpaco, cross-entropy')
    group.add_argument(
        '--from',
        dest='start_from',
        metavar='RUN',
        help='go on with the model of another run: known classes keep what was learned, new ones are added',
    )
    group.add_argument('--epochs', type=number(int, 1), metavar='N', help='default: by the number of images')
    group.add_argument('--batch-size', type=number(int, 1), metavar='N', help='images of a step')
    group.add_argument('--lr', type=number(float, 1e-12), metavar='X', help='learning rate')
    group.add_argument('--seed', type=seed_number, metavar='N', help='of the training (default: 0)')
    group.add_argument(
        '--val-share',
        type=number(float, 0.01, 1),
        metavar='X',
        help='share of a class for validation (default: 0.2)',
    )
    group.add_argument(
        '--groups',
        metavar='FILE|REGEX',
        help='what tells images of one origin, which stay on one side of the draw: a list with lines path,group, or a '
        'regular expression for the paths, such as "(patient[0-9]+)_"',
    )
    group.add_argument(
        '--patience',
        type=number(int, 1),
        metavar='N',
        help='stop when macro has not risen for N epochs',
    )
    group.add_argument('--cache-images', action='store_true', help='keep decoded images in memory, for small sets')
    group.add_argument('--dry-run', action='store_true', help='look, write the config and say what would be done')


def name_of_option(attribute: str) -> str:
    """The option of an attribute, as it is written."""
    return '--from' if attribute == 'start_from' else f'--{attribute.replace("_", "-")}'


def refuse_folder_options(args: argparse.Namespace) -> None:
    """Refuse options that are for a folder of images, beside a config.

    Raises:
        UserError: One is given, or the word is neither a config nor a folder.
    """
    for name, instead in FOLDER_ONLY.items():
        if getattr(args, name, None) not in (None, False):
            if not find_config(args.config).is_file():
                raise no_such_word(args.config)
            raise UserError(
                f'{name_of_option(name)} is for a folder of images, and {args.config} is a config: {instead}'
            )


def refuse_config_options(args: argparse.Namespace) -> None:
    """Refuse options that are for a config, beside a folder of images.

    Raises:
        UserError: One is given.
    """
    if args.processes or args.launcher != 'none':
        given = '--processes' if args.processes else '--launcher'
        raise UserError(
            f'{given} is for a config: let --dry-run write that of {args.config}, and train the file with {given}'
        )
    if getattr(args, 'fit_recipe', False):
        raise UserError('--fit-recipe is for a config: with a folder of images it is always done, leave it out')
    for name in ('method', 'backbone', 'weights', 'scratch', 'head', 'views', 'image_size'):
        if args.start_from and getattr(args, name, None):
            raise UserError(
                f'--from {args.start_from} goes on with its own model: leave {name_of_option(name)} out, or --from'
            )


def is_folder(word: str) -> bool:
    """Whether a word names a folder of images, not a config.

    Raises:
        UserError: It is a file of another kind.
    """
    path = Path(word)
    if path.is_dir():
        if any(path.glob('*.py')) and not any(each.is_dir() for each in path.iterdir() if each.name != '__pycache__'):
            raise UserError(f'{word} is a folder of configs: name a config file in it')
        return True
    is_file = path.is_file()
    if is_file and path.suffix.lower() in ('.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp', '.tif', '.tiff'):
        raise UserError(f'{word} is a single image: name a folder that has a folder of images for each class')
    if is_file and path.suffix.lower() in (*LISTS, '.zip', '.tar', '.gz'):
        what = 'a list: name the folder it lies in' if path.suffix.lower() in LISTS else 'packed: unpack it'
        raise UserError(f'{word} is {what}')
    return False
