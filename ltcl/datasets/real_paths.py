"""Where files really lie, links followed: each folder of them is resolved once."""

import os
from collections.abc import Callable
from functools import cache


def path_resolver() -> Callable[[str], str]:
    """A function that answers as ``os.path.realpath``, which looks at every folder above a file, but remembers them."""
    folder_of = cache(os.path.realpath)

    def resolve(path: str) -> str:
        folder, name = os.path.split(os.path.abspath(path))
        return os.path.realpath(path) if os.path.islink(path) else os.path.join(folder_of(folder), name)

    return resolve
