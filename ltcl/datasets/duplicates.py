"""Files with the same content: a picture that lies in two places."""

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

from .checked_sample import indices_to_check
from .one_look import looked_once

HEAD = 1 << 14
SAMPLE_SIZE = 20000


@looked_once
def find_copies(paths: Sequence[str], how: str = 'sample') -> list[list[int]]:
    """Groups of files that are equal byte for byte.

    Most files differ in size, so few are read: their first 16 KB, and the rest where those are equal. Files that are
    empty or cannot be read are let be.

    Args:
        paths: The files.
        how: 'all', 'none', or 'sample': 20,000 files at most, drawn once for all runs.

    Returns:
        Indices of the files of each group, two or more, ascending.
    """
    groups = [indices_to_check(len(paths), how, SAMPLE_SIZE)]
    with ThreadPoolExecutor(16) as pool:
        for measure in (_size, _hash_of_head, _hash_of_all):
            members = [(paths[i], i) for group in groups for i in group]
            values = pool.map(measure, [path for path, _ in members])
            group_of = {i: number for number, group in enumerate(groups) for i in group}
            groups = _group((group_of[i], value, i) for (_, i), value in zip(members, values, strict=True))
    return sorted(groups)


def _group(items: Iterable[tuple[int, Hashable, int]]) -> list[list[int]]:
    found = defaultdict(list)
    for group, value, i in items:
        if value is not None:
            found[group, value].append(i)
    return [members for members in found.values() if len(members) > 1]


def _quiet(measure: Callable[[str], Hashable]) -> Callable[[str], Hashable]:
    def value(path: str) -> Hashable:
        try:
            return measure(path)
        except OSError:
            return None

    return value


@_quiet
def _size(path: str) -> int | None:
    return os.stat(path).st_size or None


@_quiet
def _hash_of_head(path: str) -> bytes:
    with open(path, 'rb') as file:
        return blake2b(file.read(HEAD)).digest()


@_quiet
def _hash_of_all(path: str) -> bytes:
    digest = blake2b()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()
