"""Look at the feature space of a run: t-SNE, how tight and how far apart the classes lie, and neural collapse.

RUN is a work dir, of which the best checkpoint is looked at, or a checkpoint. Written are features.json, pictures, and
a section of the run's report.html. Neural collapse is defined on the training images: --split train. Figures over
training are those of the checkpoints in the work dir; a training keeps all of them with
`--cfg-options default_hooks.checkpoint.max_keep_ckpts=-1`.

examples:
  ltcl features work_dirs/birds
  ltcl features work_dirs/birds --split train --checkpoints 20
  ltcl features work_dirs/tsc/epoch_100.pth --space embeddings --out tsc_space
"""

import argparse
from pathlib import Path
from typing import Any

from ltcl.errors import UserError
from ltcl.launch.image_options import at_least, seed_number
from ltcl.neutral_text import visible
from ltcl.work_dir import require_writable

from .parser import ArgumentParser, command

SPLITS = ('test', 'val', 'train')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    from ltcl.feature_space.tsne import PACKAGES

    parser.add_argument('run', metavar='RUN', help='work dir of a training (its best checkpoint), or a checkpoint')
    parser.add_argument('--split', choices=SPLITS, default='test', help='images to look at (test)')
    parser.add_argument('--out', type=Path, metavar='DIR', help='where the files are written (RUN)')
    parser.add_argument(
        '--points',
        type=at_least(4),
        default=3000,
        metavar='N',
        help='images of the t-SNE; small classes stay whole (3000)',
    )
    parser.add_argument('--space', choices=('features', 'embeddings'), default='features', help='space of the t-SNE')
    parser.add_argument('--tsne', choices=PACKAGES, help='package that computes it (openTSNE where it is installed)')
    parser.add_argument(
        '--checkpoints', type=at_least(1), default=10, metavar='N', help='look at so many of the run; 1: no course (10)'
    )
    parser.add_argument('--seed', type=seed_number, default=0, help='of the images and the neighbours of the t-SNE')
    parser.add_argument('--config', help='config of the training, for a checkpoint that does not carry it')
    parser.add_argument('--data-root', metavar='DIR', help='folder of the images, if they were moved since')
    parser.add_argument('--device', help='such as cpu or cuda:1; by default the first GPU, if there is one')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Encode, compute, write and draw."""
    from ltcl.feature_space.tsne import chosen_package

    package = chosen_package(args.tsne)
    run = Path(args.run)
    folder = args.out or (run if run.is_dir() else run.parent)
    require_writable(folder)
    from ltcl.feature_space.files import write_features
    from ltcl.feature_space.mapping import map_of
    from ltcl.feature_space.measuring import Look, checkpoints_over_training, course
    from ltcl.feature_space.pictures import draw

    look = Look(args.split, args.device, args.config, args.data_root)
    looked = look.at(run)
    if args.space not in looked.spaces:
        raise UserError(f'--space {args.space}: the model of {run} has no projector, only features; leave it out')
    others = [each for each in checkpoints_over_training(run, args.checkpoints) if each != looked.run.path]
    looks = [look.at(path) for path in others]
    found: dict[str, Any] = dict(
        checkpoint=looked.run.name,
        split=look.measured_split,
        images=len(looked.encoded.labels),
        bounds=list(looked.bounds),
        space=args.space,
        spaces=looked.spaces,
        course=course([looked, *looks]),
        tsne=map_of(looked, args.space, args.points, package, args.seed),
    )
    files = [write_features(found, folder), *draw(found, folder)]
    tell(found, args)
    files += update_report(folder)
    for path in files:
        print(visible(path))


def tell(found: dict[str, Any], args: argparse.Namespace) -> None:
    """Print the figures, a column a space."""
    from ltcl.feature_space.words import FIGURES, IMAGES

    names = list(found['spaces'])
    print(visible(f'{found["checkpoint"]}, {found["images"]:,} {IMAGES[found["split"]]}'))
    print(f'{"":44}' + ''.join(f'{name:>12}' for name in names))
    for key, title in FIGURES.items():
        values = [found['spaces'][name]['figures'].get(key) for name in names]
        if any(value is not None for value in values):
            cells = ['' if value is None else f'{value:.4g}' for value in values]
            print(f'{title:44}' + ''.join(f'{cell:>12}' for cell in cells))
    tsne = found['tsne']
    if len(tsne['places']) < found['images']:
        print(
            f't-SNE of {len(tsne["places"]):,} of {found["images"]:,} images: at most {tsne["most"]:,} of a class; '
            '--points takes more'
        )
    if len(found['course']) < 2 and args.checkpoints > 1:
        print('nothing is shown over training: the run has no other checkpoint than the one that was looked at')


def update_report(folder: Path) -> list[Path]:
    """Write the page of the run anew, with the section; nothing where the run has no report."""
    from ltcl.report.page import PAGE_FILE, write_page
    from ltcl.report.run_files import read_run

    try:
        write_page([read_run(folder)], folder / PAGE_FILE)
    except UserError:  # such as a folder of its own
        return []
    return [folder / PAGE_FILE]
