"""``--tune``: how much of a pretrained network is trained."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ltcl.errors import UserError
from ltcl.launch.nodes import starts_from_weights

from .frozen import HEADS

if TYPE_CHECKING:
    from mmengine.config import Config

WAYS = ('frozen', 'lora', 'last', 'full')


class Tuning(NamedTuple):
    """How much is trained.

    Args:
        way: One of :data:`WAYS`.
        blocks: Of ``last``, the number of blocks.
    """

    way: str
    blocks: int = 0

    def __str__(self) -> str:
        """As on the command line."""
        return f'{self.way} {self.blocks}' if self.blocks else self.way


def read_tuning(words: Sequence[str]) -> Tuning:
    """What the words behind ``--tune`` say.

    Raises:
        ValueError: They say nothing.
    """
    way, *rest = words
    if way == 'last' and len(rest) == 1 and rest[0].isdecimal() and int(rest[0]):
        return Tuning(way, int(rest[0]))
    if way in WAYS and way != 'last' and not rest:
        return Tuning(way)
    raise ValueError(
        f'--tune takes frozen, lora, last N (the last N blocks) or full, got {" ".join(words)}; the config stands '
        'before it'
    )


class _TuneWords(argparse.Action):
    """Keeps the words of ``--tune``, if they say something."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            read_tuning(list(values or ()))
        except ValueError as error:
            parser.error(str(error))
        setattr(namespace, self.dest, values)


def tune_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how much of the network is trained."""
    parser.add_argument(
        '--tune',
        nargs='+',
        action=_TuneWords,
        metavar=('frozen|lora|last|full', 'N'),
        help='how much of the pretrained network is trained: nothing, its features are computed once (frozen); small '
        'layers beside those of a vision transformer (lora); its last N blocks (last N); all of it, more slowly than '
        'the head (full)',
    )
    parser.add_argument(
        '--head',
        choices=HEADS,
        help='classifier of --tune frozen: linear; cosine, from the means of the classes; or behind a hidden layer '
        'with dropout (default: hidden for the contrastive methods, else that of the config)',
    )
    parser.add_argument(
        '--views',
        type=int,
        metavar='N',
        help='views of a training image whose features --tune frozen computes, besides the mirror image (default 1)',
    )


def apply_tuning(cfg: 'Config', args: argparse.Namespace) -> 'Config':
    """Change a config as the options of :func:`tune_options` say.

    Args:
        cfg: The config, with the backbone that is tuned; changed in place.
        args: The parsed options.

    Returns:
        The config.

    Raises:
        UserError: Options that contradict each other, a config of another kind, or no weights to start from.
    """
    words, head, views = (getattr(args, name, None) for name in ('tune', 'head', 'views'))
    tuning = read_tuning(words) if words else None
    if (tuning is None or tuning.way != 'frozen') and (head or views is not None):
        raise UserError('--head and --views are for --tune frozen: add it, or take them out')
    if tuning is None:
        return cfg
    _check(cfg, tuning, args)
    APPLIED[tuning.way](cfg, tuning, args)
    if os.environ.get('RANK', '0') == '0':
        print(f'tuned: {SAID[tuning.way].format(tuning.blocks)}')
    return cfg


def _frozen(cfg: 'Config', tuning: Tuning, args: argparse.Namespace) -> None:
    from .frozen import freeze
    from .wrapping import encoder_of

    cfg.model.backbone = encoder_of(cfg)
    views = getattr(args, 'views', None)
    freeze(cfg, getattr(args, 'head', None), views=1 if views is None else views)


def _lora(cfg: 'Config', tuning: Tuning, args: argparse.Namespace) -> None:
    from .wrapping import adapt

    adapt(cfg)


def _last(cfg: 'Config', tuning: Tuning, args: argparse.Namespace) -> None:
    from .wrapping import train_last

    train_last(cfg, tuning.blocks)


def _full(cfg: 'Config', tuning: Tuning, args: argparse.Namespace) -> None:
    from .full import train_all

    train_all(cfg)


APPLIED: dict[str, Callable[['Config', Tuning, argparse.Namespace], None]] = {
    'frozen': _frozen,
    'lora': _lora,
    'last': _last,
    'full': _full,
}
SAID = {
    'frozen': 'the head, on features that are computed once',
    'lora': 'low-rank updates in every block, and the head',
    'last': 'the last {} blocks, and the head',
    'full': 'the whole network, and the head',
}


def _check(cfg: 'Config', tuning: Tuning, args: argparse.Namespace) -> None:
    model: Any = cfg.get('model') or {}
    if not isinstance(model.get('backbone'), dict) or 'decode_head' in model:
        raise UserError('--tune is for configs of classifiers: take it out')
    if model.type == 'ltcl.FrozenEncoderClassifier' and tuning.way != 'frozen':
        raise UserError(
            f'--tune {tuning}: {model.type} trains the head only: take --tune out, or name a config that trains the '
            'encoder'
        )
    if model.backbone.type == 'ltcl.FrozenBackbone' and tuning.way != 'frozen':
        raise UserError(f'--tune {tuning}: the config trains a head on frozen features: name the one it was made from')
    if tuning.way != 'full' and not _has_weights(cfg, args):
        raise UserError(
            f'--tune {tuning} keeps weights, and the config starts from random ones: add --backbone NAME or --weights '
            'FILE'
        )


def _has_weights(cfg: 'Config', args: argparse.Namespace) -> bool:
    """Whether the encoder starts from something, or random weights are asked for."""
    named = starts_from_weights(cfg.model.backbone)
    options = getattr(args, 'cfg_options', None) or {}
    later = any(key == 'load_from' or 'init_cfg' in key for key in options)
    wanted = getattr(args, 'scratch', False) or getattr(args, 'resume', None)
    return bool(named or later or wanted or cfg.get('load_from') or cfg.get('resume'))
