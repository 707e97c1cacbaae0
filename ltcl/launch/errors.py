"""What a user did wrong, in one line."""

import difflib
import errno
import functools
import os
import pickle
import re
import signal
import sys
import traceback
from collections.abc import Callable

from ltcl.errors import UserError
from ltcl.neutral_text import MAX_LINE, neutralise_output, visible
from ltcl.signatures import parameters_of

from . import exit_codes
from .processes import fail, last_line, leave_processes, watched
from .seg_sets import explain_seg_set

# What constructors raise for values that they cannot take.
MISTAKES = (TypeError, ValueError, KeyError, IndexError, AttributeError, AssertionError, RuntimeError)
# What a system says of a file that cannot be written, whoever wrote it, and what helps.
UNWRITTEN = {errno.ENOSPC: 'make room', errno.EDQUOT: 'make room', errno.EFBIG: 'raise the limit', errno.EROFS: ''}
# What it says of a path that it does not follow, and what helps.
OWN = 'get access to it and to the folders above it'
UNREACHED = {errno.EACCES: OWN, errno.EPERM: OWN, errno.ENAMETOOLONG: 'shorten it'}
SHAPES = re.compile(r'mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)')
SINGLE_VALUE = re.compile(r'Expected more than 1 value per channel when training, got input size .*\[1, (\d+)\b')


def report_user_errors(main: Callable[[], None]) -> Callable[[], None]:
    """Decorate a tool so that a user's mistake is one line on standard error and exit status 1.

    ``LTCL_TRACEBACK=1`` in the environment shows where it was noticed. Any other exception keeps its traceback. Of
    several processes the first that fails prints, and the others end with it. All statuses: ``ltcl.launch.exit_codes``.
    """

    @functools.wraps(main)
    def guarded() -> None:
        neutralise_output()
        try:
            with watched():
                main()
                leave_processes(exit_codes.DONE, wait=True)
        except SystemExit as stop:
            if isinstance(stop.code, int):
                leave_processes(stop.code, wait=False)
            raise
        except Exception as error:
            message = explain(error)
            is_unknown = message is None or bool(os.environ.get('LTCL_TRACEBACK'))
            fail(message or last_line(error), error, with_traceback=is_unknown)
            if is_unknown:
                raise
            print('error:', visible(message, keep='\n', width=MAX_LINE), file=sys.stderr)
            sys.exit(exit_codes.FAILED)
        except KeyboardInterrupt:
            leave_processes(exit_codes.stopped_by(signal.SIGINT), wait=False)
            sys.exit(exit_codes.stopped_by(signal.SIGINT))

    return guarded


def _part_that_failed(error: Exception) -> type | None:
    """The class that a config names and whose construction raised the error: a base class may have raised it."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    built = [frame.f_locals['obj_cls'] for frame in frames if 'obj_cls' in frame.f_locals]
    return built[-1] if built else None


def explain(error: Exception) -> str | None:
    """One line for an exception that a user's input caused, None for all others."""
    text = ' '.join(str(error).split())
    if isinstance(error, UserError):
        # A worker of a dataloader sends its traceback along, the message last.
        return text.rsplit('ltcl.errors.UserError: ', 1)[-1]
    if (seg_set := explain_seg_set(error)) is not None:
        return seg_set
    if isinstance(error, TypeError) and (match := re.search(r"(\w+)\.__init__\(\) got .* argument '(\w+)'", text)):
        part, argument = match.groups()
        built = _part_that_failed(error)
        if 'multiple values' in text:
            return f'{getattr(built, "__name__", part)} sets {argument} itself: leave it out'
        # A class may leave out an option of the one that it is derived from.
        known = {*parameters_of(built)} - {argument} if isinstance(built, type) else ()
        similar = difflib.get_close_matches(argument, known, n=1)
        hint = f'did you mean {similar[0]}?' if similar else 'correct the key in the config or in --cfg-options'
        return f'{getattr(built, "__name__", part)} has no option {argument!r}: {hint}'
    missing = re.search(r'\.__init__\(\) missing \d+ required .*?: (.+)', text)
    if isinstance(error, TypeError) and missing and (built := _part_that_failed(error)):
        return f'{built.__name__} needs {missing[1]}: add it to the config'
    if isinstance(error, KeyError) and (match := re.search(r'([\w.]+) is not in the ([\w:. ]+) registry', text)):
        return f'there is no {match[2].split("::")[-1]} named {match[1]}: correct the type in the config'
    if isinstance(error, FileNotFoundError):
        return _missing_file(error, text)
    if isinstance(error, AssertionError) and (match := re.search(r'failed to load image: (.+)$', text)):
        return f'OpenCV cannot read the image {match[1]}: mend it, save it as PNG, or take it and any mask of it away'
    if isinstance(error, OSError) and error.errno in UNWRITTEN:
        return _path_error(error, 'written', UNWRITTEN[error.errno])
    if isinstance(error, OSError) and error.errno in UNREACHED and error.filename:
        return _path_error(error, 'reached', UNREACHED[error.errno])
    if isinstance(error, AssertionError) and 'AmpOptimizerWrapper' in text:
        return 'float16 needs a GPU: add --amp, which runs the config in bfloat16'
    if isinstance(error, pickle.UnpicklingError) and 'weights_only' in text:
        return (
            'the downloaded checkpoint holds more than weights, perhaps code, and was not read: give another load_from'
        )
    if isinstance(error, RuntimeError) and (match := SHAPES.search(text)):
        return (
            f'features of width {match[1]} meet a layer for {match[2]}: set in_channels of the head, the projector or '
            'the neck in the model to the width that it gets'
        )
    if isinstance(error, ValueError) and (match := SINGLE_VALUE.search(text)):
        return (
            f'a batch normalisation of {match[1]} channels has one value of each, and none to compare it with: raise '
            'train_dataloader.batch_size to 2 or more'
        )
    built = _part_that_failed(error)
    if isinstance(error, MISTAKES) and built is not None:
        name = getattr(built, '__name__', str(built))
        return f'{name} cannot be built, {text[:300]}: correct its options (LTCL_TRACEBACK=1 shows where)'
    return None


def _missing_file(error: FileNotFoundError, text: str) -> str | None:
    """One line for a file that an exception names; None where it names none."""
    if 'can not be found' in text:
        return text
    return f'there is no {error.filename}: correct the path in the config' if error.filename else None


def _path_error(error: OSError, done: str, remedy: str) -> str:
    what = os.fspath(error.filename) if error.filename else 'a file or the standard output'
    return f'{what} cannot be {done} ({error.strerror}): {f"{remedy}, or " if remedy else ""}name another place'
