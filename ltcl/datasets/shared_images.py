"""Decoded images in memory that all processes of a machine share."""

import itertools
import mmap
import os
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import numpy as np

from ltcl.errors import UserError
from ltcl.free_memory import free_and_total

from .transforms.image_files import open_image

GIB = 2**30
# Of the memory that is free now; the training needs some as well.
LARGEST_SHARE = 0.8


class Entry(NamedTuple):
    """Where an image is kept.

    Attributes:
        number: Its position among all.
        start: First byte of its pixels.
        shape: Height, width and 3.
        stamp: Size and time of change of its file, by which a changed file is noticed.
    """

    number: int
    start: int
    shape: tuple[int, int, int]
    stamp: tuple[int, int]


class SharedImages:
    """Memory for the decoded images of a set, filled by whoever decodes one first.

    It belongs to no file that has a name: the system frees it with the last process that holds it, however that one
    ended. Workers that are forked inherit it, all others open it by the process that made it. A file that was changed
    since the start is read anew each time.

    Args:
        entries: Of each image, by its path.
        size: Bytes in all.
        handle: Path of the memory of another process; None takes new memory.
    """

    def __init__(self, entries: dict[str, Entry], size: int, handle: str | None = None) -> None:
        self.entries = entries
        self.size = size
        if handle is None:
            self.file = os.memfd_create('ltcl-images')
            os.posix_fallocate(self.file, 0, size)  # or else a full machine is noticed as a bus error
            handle = f'/proc/{os.getpid()}/fd/{self.file}'
        else:
            self.file = os.open(handle, os.O_RDWR | os.O_CLOEXEC)
        self.handle = handle
        self.memory = np.frombuffer(mmap.mmap(self.file, size), np.uint8)

    def __del__(self) -> None:
        """Close the file; the memory lasts as long as its arrays."""
        if hasattr(self, 'file'):
            os.close(self.file)

    def __reduce__(self) -> tuple:
        """A spawned worker opens the same memory."""
        return SharedImages, (self.entries, self.size, self.handle)

    def __deepcopy__(self, memo: dict) -> 'SharedImages':
        """Itself: MMEngine copies data sets."""
        return self

    @property
    def num_kept(self) -> int:
        """Images that are decoded so far."""
        return int(self.memory[: len(self.entries)].sum())

    def get(self, path: str, decode: Callable[[str], np.ndarray]) -> np.ndarray:
        """An image as a decoder gives it, from memory if it was decoded before.

        Args:
            path: Of its file.
            decode: What reads a file, into an RGB array (H, W, 3), uint8.

        Returns:
            An array of its own.
        """
        entry = self.entries.get(path)
        if entry is None or _stamp(path) != entry.stamp:
            return decode(path)
        place = self.memory[entry.start : entry.start + np.prod(entry.shape)].reshape(entry.shape)
        if self.memory[entry.number]:
            return place.copy()
        image = decode(path)
        if image.shape == entry.shape:
            place[:] = image
            self.memory[entry.number] = 1
        return image


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except (OSError, ValueError):  # of another storage, or missing
        return None
    return info.st_size, info.st_mtime_ns


def look_up(paths: Collection[str], max_pixels: float | None = None) -> tuple[dict[str, Entry], int]:
    """Places for the images of local files, by their headers; a file that is no image gets none.

    Args:
        paths: Of the files.
        max_pixels: As in :func:`~ltcl.datasets.transforms.image_files.open_image`.

    Returns:
        The places, and the bytes that they take in all.
    """
    sized = [(path, *found) for path in paths if (found := _size_and_stamp(path, max_pixels))]
    lengths = (height * width * 3 for _, (height, width), _ in sized)
    starts = list(itertools.accumulate(lengths, initial=len(sized)))
    entries = {
        path: Entry(number, starts[number], (*size, 3), stamp) for number, (path, size, stamp) in enumerate(sized)
    }
    return entries, starts[-1]


def _size_and_stamp(path: str, max_pixels: float | None) -> tuple[tuple[int, int], tuple[int, int]] | None:
    stamp = _stamp(path)
    if stamp is None:
        return None
    try:
        with open(path, 'rb') as file, open_image(file, max_pixels) as image:
            return image.size[::-1], stamp
    # Pillow's plugins raise more than their documentation says; whoever decodes it will tell.
    except Exception:
        return None


def keep(paths: Iterable[str], max_pixels: float | None = None) -> SharedImages:
    """Take memory for images, if there is enough.

    Args:
        paths: Of their files.
        max_pixels: As in :func:`look_up`.

    Raises:
        UserError: They need more than is free, or the system has no such memory.
    """
    if not hasattr(os, 'memfd_create'):
        raise UserError('ltcl.SharedImagesHook needs Linux: take the hook out')
    entries, size = look_up(list(dict.fromkeys(paths)), max_pixels)
    if not entries:
        raise UserError('ltcl.SharedImagesHook found no image file on a disk of this machine: take the hook out')
    sizes: Any = free_and_total()
    if sizes is not None and size > LARGEST_SHARE * sizes[0]:
        raise _too_large(len(entries), size, f'{sizes[0] / GIB:.1f} GiB are free')
    try:
        return SharedImages(entries, size)
    except OSError as error:
        raise _too_large(len(entries), size, str(error.strerror)) from None


def _too_large(number: int, size: int, reason: str) -> UserError:
    return UserError(
        f'{number} decoded images take {size / GIB:.1f} GiB of memory, and {reason}: take ltcl.SharedImagesHook out, '
        'or make the files smaller (their shorter sides need no more pixels than 1.2 times the view)'
    )
