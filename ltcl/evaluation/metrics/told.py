"""What a run says of the answers that it keeps."""

import contextlib
from collections.abc import Iterator

from ltcl.errors import UserError
from ltcl.notices import note, warn


@contextlib.contextmanager
def told(path: str, number: int, is_asked: bool) -> Iterator[None]:
    """Write answers in the block, and say so where they were asked for; else a failure is a warning.

    Args:
        path: The file.
        number: Images that it tells of.
        is_asked: Whether somebody named the file.

    Raises:
        UserError: Of the block, where the file was asked for.
    """
    try:
        yield
    except UserError as error:
        if is_asked:
            raise
        warn(str(error))
    else:
        if is_asked:
            note(f'Predictions of {number} images: {path}')
