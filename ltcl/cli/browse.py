"""Show images as the network gets them, on a contact sheet: after all augmentation, every view side by side.

The views come from the data set, the pipeline and the data preprocessor of the config itself; only the normalisation is
undone. Images of segmentation have their masks laid over. CONFIG may also be the work dir of a run, or a folder of
images, of which the views are those that `ltcl train DATA` would train on.

examples:
  ltcl browse my_config.py
  ltcl browse my_config.py --group few --number 40 --out few.html
  ltcl browse work_dirs/birds --class heron --seed 1
  ltcl browse work_dirs/birds moved/birds
  ltcl browse data/birds --split val
"""

import argparse
from pathlib import Path

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import import_scope
from ltcl.launch.image_options import at_least, file_type, seed_number
from ltcl.launch.options import KeyValues
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('config', metavar='CONFIG|RUN|DATA', help='config, work dir or checkpoint, or folder of images')
    parser.add_argument('data', nargs='?', metavar='DATA', help='where the images of CONFIG or RUN are now')
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        '--class', dest='classes', action='append', metavar='NAME', help='only this class; may be repeated'
    )
    chosen.add_argument('--group', choices=('many', 'medium', 'few'), help='only classes of this shot group')
    parser.add_argument('--number', type=at_least(1), default=24, metavar='N', help='how many images (default: 24)')
    parser.add_argument('--split', choices=('train', 'val', 'test'), help='default: train, if the config trains')
    parser.add_argument('--seed', type=seed_number, default=0, metavar='N', help='of the draw and the augmentation')
    parser.add_argument('--method', metavar='NAME', help='of a folder: the method whose views are shown')
    parser.add_argument(
        '--out', type=file_type('.html'), default='browse.html', metavar='FILE', help='default: browse.html'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE', help='as in train'
    )


@command(options)
def main(args: argparse.Namespace) -> None:
    """Open the data set, draw images, make their views, write the sheet.

    Raises:
        UserError: There is no such config, class or group, or the file cannot be written.
    """
    import_scope('mmpretrain')  # without the remarks that it makes
    from ltcl.browse.showing import show

    text, number = show(args)
    try:
        write_atomic(args.out, text)
    except OSError as error:
        raise UserError(f'{args.out} cannot be written ({error.strerror or error}): name another with --out') from error
    print(f'{number} images in {visible(Path(args.out))}')
