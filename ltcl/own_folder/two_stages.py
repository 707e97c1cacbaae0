"""Methods that train an encoder and then a linear classifier on it, by one command."""

import argparse
import copy
from collections.abc import Collection
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.launch.nodes import below, is_kept
from ltcl.recipe_rules.linear_rate import MOST_IMAGES, linear_rate
from ltcl.work_dir import AUTO

from .choosing import apply_words
from .config_file import line_for_weights
from .feature_length import mean_square_length
from .methods import DEFAULT, METHODS, classifier_config_of

# Room of the first training in the work dir of the second.
FOLDER = 'stage1'
# Of --cfg-options the draw of the images is for both trainings, all else for the first.
SHARED = ('val_share', 'split_seed')
# Begins the line that tells the rate of the second training.
RATE = 'rate of the linear classifier '
# Tensors that LWS does not take of the first training.
WITHOUT_CLASSIFIER = r'^(?!backbone\.|neck\.|head\.fc\.)'


def has_two_stages(args: argparse.Namespace) -> bool:
    """Whether the command line asks for an encoder first; a run that is gone on with has one."""
    return not args.start_from and METHODS[args.method or DEFAULT].has_two_stages


def encoder_words(args: argparse.Namespace) -> argparse.Namespace:
    """The command line of the first training.

    Raises:
        UserError: It is to go on from a file, which does not tell of which training it is.
    """
    if args.resume not in (None, AUTO):
        raise UserError(
            f'--resume {args.resume}: --method {args.method} has two trainings, each with its checkpoints: --resume '
            'alone goes on with the one that was stopped'
        )
    # Patience looks at the classifier.
    return argparse.Namespace(**{**vars(args), 'work_dir': str(Path(args.work_dir, FOLDER)), 'patience': None})


def classifier_words(args: argparse.Namespace) -> argparse.Namespace:
    """The command line of the second training: rate and entries of the config are those of the first."""
    shared = {key: value for key, value in args.cfg_options.items() if key in SHARED}
    return argparse.Namespace(**{**vars(args), 'lr': None, 'cfg_options': shared})


def choose_rate(cfg: Config, words: argparse.Namespace, first: Config, checkpoint: Path) -> list[str]:
    """Choose the rate of a linear classifier by the features of the encoder, which are measured once.

    Args:
        cfg: The config of the second training, changed in place.
        words: Its command line; the rate becomes its ``lr``.
        first: The config of the first training.
        checkpoint: The last one of the first training.

    Returns:
        The line that gives the reason; none where nothing is chosen.
    """
    if words.method == 'lws' or not checkpoint.is_file():
        return []
    line = line_for_weights(RATE, Path(words.work_dir), cfg)
    if line is None and words.dry_run:
        return []
    if line is None:
        mean_square = mean_square_length(first, checkpoint, MOST_IMAGES)
        rate = linear_rate(mean_square)
        line = f'{RATE}{rate:g}, the largest that is stable on features of this length, mean square {mean_square:.3g}'
    words.lr = cfg.optim_wrapper.optimizer.lr = float(line.removeprefix(RATE).split(',')[0])
    return [line]


def limit_neighbours(cfg: Config, num_images: int, kept: Collection[str]) -> None:
    """Let no more neighbours vote on an image, where neighbours do, than there are training images.

    Args:
        cfg: The config, changed in place.
        num_images: Training images.
        kept: Dotted keys of ``--cfg-options``.

    Raises:
        UserError: One of them asks for more.
    """
    from ltcl.evaluation import KNNAccuracy
    from ltcl.signatures import defaults_of

    for key, evaluator in below({name: cfg[name] for name in ('val_evaluator', 'test_evaluator')}):
        if isinstance(evaluator, dict) and evaluator.get('type') == 'ltcl.KNNAccuracy':
            k = evaluator.get('k', defaults_of(KNNAccuracy)['k'])
            if k > num_images and 'k' in evaluator and is_kept(f'{key}.k', kept):
                raise UserError(
                    f'{key}.k={k} is more than the {num_images:,} images of the training: take fewer neighbours'
                )
            evaluator['k'] = min(k, num_images)


def last_checkpoint(cfg: Config, work_dir: str) -> Path:
    """The last checkpoint of a training."""
    return Path(work_dir, f'epoch_{cfg.train_cfg.max_epochs}.pth').absolute()


def classifier_config(first: Config, words: argparse.Namespace, options: dict, checkpoint: Path) -> Config:
    """The config of the second training: a linear classifier, images drawn class by class.

    Args:
        first: The config of the first training, whose encoder is taken as it is, with the layer behind a frozen one.
        words: The command line of the second training.
        options: Entries that it sets.
        checkpoint: The last one of the first training.
    """
    options = {**options, 'data_root': str(Path(words.config).absolute())}
    is_frozen = (words.tune or [None])[0] == 'frozen'
    cfg = load_config(classifier_config_of(words.method), {'data_root': options['data_root']})
    changes = dict(cfg_options=options, config=cfg.filename, tune=words.tune if is_frozen else None)
    cfg = apply_words(cfg, argparse.Namespace(**{**vars(words), **changes, 'head': None}))
    cfg.model.type = 'ltcl.FrozenEncoderClassifier'
    for name in ('backbone', 'neck'):  # `update` would leave entries of the part that was there
        cfg.model[name] = copy.deepcopy(first.model[name])
    if words.method == 'lws':
        cfg.model.head.type = 'ltcl.LWSHead'
        cfg.default_hooks.strict_load.ignore = [WITHOUT_CLASSIFIER]
    cfg.pop('stage1_config', None)
    cfg.load_from = str(checkpoint)
    return cfg
