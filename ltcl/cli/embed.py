"""Write the features of images, those that the classifier of a trained model sees.

The file is NumPy's .npz with features (N, C), paths (N,) and model, the name of the checkpoint. Images that cannot be
read are left out and listed, and the status is then 4. Ctrl-C writes what is done: features.npz becomes
features.partial.npz.

examples:
  ltcl embed work_dirs/birds photos/ --out features.npz
"""

import argparse
import signal
import sys

from ltcl.errors import UserError
from ltcl.launch.exit_codes import stopped_by
from ltcl.launch.image_options import counted_images, end_with, file_type, image_options, partial_file
from ltcl.launch.threads import set_threads

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    image_options(parser)
    parser.add_argument('--out', type=file_type('.npz'), metavar='FILE', required=True, help='.npz file to write')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Load the model, encode, write the file."""
    from ltcl import LongTailClassifier
    from ltcl.inference.answers import EmbeddingStopped
    from ltcl.inference.tables import write_features

    set_threads(args.threads)
    model = LongTailClassifier.load(args.run, args.device, args.config)
    options = dict(batch_size=args.batch_size, num_workers=args.num_workers)
    stopped = None
    try:
        with counted_images() as listener:
            embeddings = model.embed(args.paths, **options, listener=listener)
    except EmbeddingStopped as stop:
        stopped, embeddings = stop, stop.embeddings
        if not embeddings.paths:
            raise
        args.out = partial_file(args.out)
    if not embeddings.paths:
        path, reason = next(iter(embeddings.unreadable.items()))
        raise UserError(f'none of the {len(embeddings.unreadable)} images can be read, such as {path} ({reason})')
    write_features(args.out, embeddings, model.run.name)
    print(f'{len(embeddings.paths)} images, {embeddings.features.shape[1]} features, in {args.out}', file=sys.stderr)
    if stopped:
        print(f'stopped: {stopped}', file=sys.stderr)
        sys.exit(stopped_by(signal.SIGINT))
    end_with(embeddings.unreadable)
