"""What the commands that use a trained model on images share. Imports no torch."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ltcl.errors import UserError
from ltcl.files import why_unwritable
from ltcl.neutral_text import visible
from ltcl.progress_bars import progress

from .exit_codes import UNREADABLE
from .threads import threads_option

SHOWN = 20
MIXES = ('natural', 'balanced', 'estimate')
STORED = 'stored'
# Of numpy and scikit-learn; torch takes larger ones.
HIGHEST_SEED = 2**32 - 1


def image_options(parser: argparse.ArgumentParser) -> None:
    """Add the words RUN and PATH and the options on how to compute."""
    parser.add_argument('run', metavar='RUN', help='work dir of a training (its best checkpoint), or a checkpoint')
    parser.add_argument('paths', nargs='+', metavar='PATH', help='image file, or folder of images at any depth')
    parser.add_argument('--config', help='config of the training, for a checkpoint that does not carry it')
    parser.add_argument('--batch-size', type=at_least(1), metavar='N', help='images of a batch; as in the test')
    parser.add_argument('--num-workers', type=at_least(0), metavar='N', help='processes that read; as in the test')
    parser.add_argument('--device', help='such as cpu or cuda:1; by default the first GPU, if there is one')
    threads_option(parser)


def calibration_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that leaves a calibration out."""
    parser.add_argument('--uncalibrated', action='store_true', help='as trained, without what `ltcl calibrate` stored')


def at_least(lowest: int) -> Callable[[str], int]:
    """A type for an option: whole numbers from the lowest one on."""

    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f'{text} is no whole number from {lowest} on')
        return int(text)

    return whole


def seed_number(text: str) -> int:
    """A type for an option: a seed that every generator of random numbers takes."""
    if not text.isdecimal() or int(text) > HIGHEST_SEED:
        raise argparse.ArgumentTypeError(f'{text} is no whole number of 0 to {HIGHEST_SEED}')
    return int(text)


def file_type(*suffixes: str) -> Callable[[str], str]:
    """A type for an option: a file that can be written."""

    def path(text: str) -> str:
        if Path(text).suffix not in suffixes:
            raise argparse.ArgumentTypeError(f'{text} must end in {" or ".join(suffixes)}')
        if reason := why_unwritable(text):
            raise argparse.ArgumentTypeError(f'cannot write {text} ({reason}): name another place')
        return text

    return path


def mix(text: str) -> str:
    """A type for an option: the name of a class mix, or a file that is there."""
    if text not in MIXES and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f'{text} is none of {", ".join(MIXES)}, nor a CSV file of shares')
    return text


def probability(text: str) -> float:
    """A type for an option: a number of 0..1."""
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f'{text} is no number of 0..1')


def rejection(text: str) -> float | str:
    """A type for an option: a number of 0..1, or the thresholds of the calibration."""
    return text if text == STORED else probability(text)


def check_rejection(reject: float | str | None, prior: str | None, uncalibrated: bool) -> None:
    """Refuse stored thresholds together with what they were not chosen for.

    Raises:
        UserError: There is a class mix or no calibration.
    """
    other = '--uncalibrated' if uncalibrated else f'--prior {prior}' if prior is not None else None
    if reject == STORED and other is not None:
        raise UserError(f'--reject stored was chosen for the calibrated answers: omit {other}, or give a probability')


@contextlib.contextmanager
def counted_images() -> Iterator[Callable[[int, int], None]]:
    """A counter of images on standard error; give it the number that was just done, and how many there are."""
    with progress('images') as work:

        def listener(number: int, total: int) -> None:
            work.total = total
            work.advance(number)

        yield listener


def partial_file(out: str) -> str:
    """Where what a stopped command has done is written, so that nobody takes it for all: ``'features.partial.npz'``."""
    return str(Path(out).with_suffix(f'.partial{Path(out).suffix}'))


def end_with(unreadable: Mapping[str, str]) -> None:
    """List the images that could not be read on standard error, and end with their status; return if there is none."""
    if not unreadable:
        return
    for path, reason in list(unreadable.items())[:SHOWN]:
        print(visible(f'cannot read {path} ({reason})'), file=sys.stderr)
    more = f', {len(unreadable) - SHOWN} more than shown' if len(unreadable) > SHOWN else ''
    print(f'{len(unreadable)} images could not be read{more}; all others are answered', file=sys.stderr)
    sys.exit(UNREADABLE)
