"""Compose segmentation scenes of Fashion-MNIST garments, in mmsegmentation's folder layout.

Training scenes show garments of the training file, the classes with a long tail; validation scenes garments of the test
file, all classes alike. class_counts.json has the training images and pixels of each class. The same options give the
same files, and nothing is done if they are there. `ltcl data fashion-mnist` gets Fashion-MNIST.

examples:
  ltcl data fashion-scenes --out data/fashion_scenes --seed 0
"""

import argparse
from pathlib import Path

from rich.console import Console

from ltcl.fashion_mnist.scene_folder import make_scenes
from ltcl.launch.image_options import seed_number

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('--data-root', type=Path, default=Path('data/fashion_mnist'), help='folder of Fashion-MNIST')
    parser.add_argument('--out', type=Path, default=Path('data/fashion_scenes'), help='folder to write')
    parser.add_argument('--num-max', type=int, default=2000, help='training garments of the most frequent class')
    parser.add_argument('--imbalance-factor', type=float, default=50, help='most over least frequent class')
    parser.add_argument('--num-val', type=int, default=200, help='validation garments of each class')
    parser.add_argument('--seed', type=seed_number, default=0)


def scene_options(args: argparse.Namespace) -> dict[str, int | float]:
    """Options that decide what the scenes show."""
    return {name: getattr(args, name) for name in ('num_max', 'imbalance_factor', 'num_val', 'seed')}


@command(options)
def main(args: argparse.Namespace) -> None:
    """Command line."""
    make_scenes(args.data_root, args.out, Console(), **scene_options(args))
