"""Make the fixed targets of TSC: unit vectors far apart.

examples:
  ltcl targets 1000 128
  ltcl targets 8142 128 --seed 1 --out targets/inat.npy
"""

import argparse

from ltcl.errors import UserError
from ltcl.launch.image_options import seed_number
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('num_classes', type=int, help='number of targets')
    parser.add_argument('feat_dim', type=int, help='width of an embedding')
    parser.add_argument(
        '--seed', type=seed_number, default=0, help='seed of the search, or of the rotation with auto (default: 0)'
    )
    parser.add_argument(
        '--out', metavar='FILE', help='.npy or .pt file to write (default: targets_<NUM_CLASSES>x<FEAT_DIM>.npy)'
    )
    parser.add_argument(
        '--method',
        choices=('auto', 'simplex', 'search', 'published'),
        default='auto',
        help='auto: simplex where there is one, else search; published: the 10,000 iterations of the original',
    )


@command(options)
def main(args: argparse.Namespace) -> None:
    """Make the targets, print how good they are, save them.

    Raises:
        UserError: There are no such targets, or the method has no use for a seed.
    """
    # After the options, so that a mistyped one is answered at once.
    import torch

    from ltcl.models import utils

    def published(num_classes: int, feat_dim: int, seed: int) -> torch.Tensor:
        init = torch.randn(num_classes, feat_dim, generator=torch.Generator().manual_seed(seed))
        return utils.published_search(init)[0]

    methods = {
        'auto': utils.uniform_targets,
        'simplex': lambda num_classes, feat_dim, seed: utils.simplex(num_classes, feat_dim),
        'search': utils.search_targets,
        'published': published,
    }
    if args.method == 'simplex' and args.seed:
        raise UserError(f'--seed {args.seed}: nothing of --method simplex is random; --method auto turns it')
    path = utils.checked_suffix(args.out or f'targets_{args.num_classes}x{args.feat_dim}.npy')
    targets = methods[args.method](args.num_classes, args.feat_dim, args.seed)
    utils.save_targets(path, targets)
    bound = utils.uniformity_bound(args.num_classes)
    print(f'minimum angle: {utils.min_angle(targets):.3f} degrees')
    print(f'uniformity: {utils.uniformity(targets.double()).item():.9f} (no set is below {bound:.9f})')
    print(f'saved: {visible(path)}')
