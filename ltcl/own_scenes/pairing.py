"""Which mask belongs to which image, by their names."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ..datasets.class_names import normal_name
from ..errors import UserError
from .folder_words import bare, mask_rank

LOSSY = ('.jpg', '.jpeg', '.jfif', '.jpe')


class Pair(NamedTuple):
    """An image and its mask, paths below the data root."""

    image: str
    mask: str


def pair_up(images: Sequence[str], masks: Sequence[str]) -> list[Pair]:
    """Pairs of images and masks that lie in folders of their own.

    Their names are the same but for the suffix; or but for words such as ``_mask``, ``_gtFine_labelIds``,
    ``_leftImg8bit``, ``img_``; or but for an ending that most of the masks have. Of several masks of an image the one
    of labels is taken, not that of colours.

    Args:
        images: Paths of images, no two of which may have one mask.
        masks: Paths of masks.

    Raises:
        UserError: An image has two masks, and their names do not tell which is meant.
    """
    pairs: list[Pair] = []
    for key_of in (stem_of, lambda path: bare(stem_of(path))):
        pairs += _by_key(_left(images, pairs, 0), _left(masks, pairs, 1), key_of)
    masks = _left(masks, pairs, 1) if len(pairs) < len(images) else []
    return pairs + _by_ending(_left(images, pairs, 0), masks)


def pair_up_in_folder(paths: Sequence[str]) -> list[Pair]:
    """Pairs that lie in one folder: ``a.jpg`` with ``a_mask.png``, or ``a.jpg`` with ``a.png``.

    Args:
        paths: Paths of images and masks of one folder.
    """
    masks = [path for path in paths if mask_rank(stem_of(path)) is not None]
    if masks:
        known = set(masks)
        return pair_up([path for path in paths if path not in known], masks)
    pictures = [path for path in paths if path.lower().endswith(LOSSY)]
    others = [path for path in paths if not path.lower().endswith(LOSSY)]
    return _by_key(pictures, others, stem_of)


def stem_of(path: str) -> str:
    """The name of a file without its suffix, an accent in one spelling."""
    return normal_name(PurePosixPath(path).stem)


def _left(paths: Iterable[str], pairs: Sequence[Pair], side: int) -> list[str]:
    taken = {pair[side] for pair in pairs}
    return [path for path in paths if path not in taken]


def _by_key(images: Sequence[str], masks: Sequence[str], key_of: Callable[[str], str]) -> list[Pair]:
    by_key: dict[str, list[str]] = defaultdict(list)
    for mask in masks:
        by_key[key_of(mask)].append(mask)
    number = Counter(map(key_of, images))
    found = ((image, by_key.get(key_of(image), [])) for image in images if number[key_of(image)] == 1)
    return [Pair(image, _best(image, several)) for image, several in found if several]


def _best(image: str, masks: Sequence[str]) -> str:
    ranks = [(99 if (rank := mask_rank(stem_of(mask))) is None else rank, mask) for mask in masks]
    best = [mask for rank, mask in ranks if rank == min(ranks)[0]]
    if len(best) > 1:
        raise UserError(f'{image} has several masks, {" and ".join(sorted(best)[:3])}: take all but one away')
    return best[0]


def _by_ending(images: Sequence[str], masks: Sequence[str]) -> list[Pair]:
    """By the ending that most masks have behind the name of an image."""
    by_stem = {stem_of(image): image for image in images}
    found = []
    for mask in masks:
        stem = stem_of(mask)
        length = next((end for end in range(len(stem) - 1, 0, -1) if stem[:end] in by_stem), None)
        if length is not None and not stem[length].isdigit():
            found.append((stem[length:], Pair(by_stem[stem[:length]], mask)))
    endings = Counter(ending for ending, _ in found)
    best, number = max(endings.items(), key=lambda each: each[1], default=('', 0))
    return [pair for ending, pair in found if ending == best] if 2 * number > len(masks) else []
