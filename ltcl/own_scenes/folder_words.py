"""What the names of folders and files tell of images and their masks."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..datasets.class_names import normal_name
from ..datasets.folder_names import PART_WORDS

_IMAGES = 'jpegimages|leftimg|images|image|imgs|img|pictures|picture|pics|photos|photo|frames|rgb|inputs|input'
_MASKS = (
    'segmentationclass|pngmasks|masks|mask|msks|msk|labels|label|labelled|labeled|annotations|annotation|annotated|'
    'annots|annot|annos|anno|anns|ann|groundtruths|groundtruth|gtfine|gtcoarse|gts|gt|segmentations|segmentation|'
    'segmaps|segs|seg|semantic|targets|target'
)
_FILLERS = 'bit|dirs|dir|folders|folder|sets|set|data|dataset|splits|split|parts|part|png|raw|all|files'
_EVALUATION = 'evaluation|eval'  # the test set, or validation beside another test set
_PARTS = '|'.join(f'(?P<{part}>{words})' for part, words in (*PART_WORDS.items(), ('eval', _EVALUATION)))
_WORD = re.compile(f'(?P<image>{_IMAGES})|(?P<mask>{_MASKS})|{_PARTS}|(?P<filler>{_FILLERS})')
# Folders of masks that tell objects apart, not classes.
_OTHER = ('segmentationobject', 'instances', 'instance', 'objects', 'edges')

# What stands behind or before the name of a picture. Of several masks of an image that with the first word is taken.
_MASK_WORDS = tuple(
    str.split(
        'labeltrainids trainids labelids labels label lbl masks mask msk segmentation segm seg semantic annotation '
        'annot anno ann groundtruth truth gt target manual1 l color colour'
    )
)
_IMAGE_WORDS = 'leftimg8bit|image|img|im|rgb|sat|input|photo|picture|pic|original|orig|training|test'
_ENDS = re.compile(rf'[\W_]+({"|".join(_MASK_WORDS)}|gtfine|gtcoarse|instanceids|{_IMAGE_WORDS})$', re.IGNORECASE)
_FRONTS = re.compile(rf'^({"|".join(_MASK_WORDS)}|{_IMAGE_WORDS})[\W_]+', re.IGNORECASE)


class Spot(NamedTuple):
    """What the folders say of the files in them.

    Args:
        part: 'train', 'val', 'test' or 'eval'; None: they do not say it.
        role: 'image', 'mask', 'other' (masks of objects) or None.
        rest: Names of the folders that say nothing of the kind, such as a city.
        is_sure: Whether all words of the names say so, not one among others.
    """

    part: str | None
    role: str | None
    rest: tuple[str, ...]
    is_sure: bool = True


def spot_of(folders: Sequence[str], by_any_word: bool = False) -> Spot:
    """What the names of folders say, from the data root down.

    Args:
        folders: The names.
        by_any_word: Let one word say what a folder holds, whatever stands beside it: ``crack_masks``.
    """
    part, role, rest = None, None, []
    for name in folders:
        words = (_words_among_others(name) if by_any_word else None) or _words(name)
        if words is None:
            rest.append(normal_name(name))
        part = next((word for word in words or () if word in (*PART_WORDS, 'eval')), part)
        role = next((word for word in words or () if word in ('image', 'mask', 'other')), role)
    return Spot(part, role, tuple(rest), not by_any_word)


def _words_among_others(name: str) -> list[str] | None:
    """Kinds of the whole words that are known, masks first; None if none of them says what a folder holds."""
    words = re.findall('[A-Z]+(?![a-z])|[A-Z]?[a-z]+', name)
    kinds = [found.lastgroup or '' for word in words if (found := _WORD.fullmatch(word.lower()))]
    return sorted(kinds, key=lambda kind: kind != 'mask') if {'mask', 'image'}.intersection(kinds) else None


def _words(name: str) -> list[str] | None:
    """Kinds of the words that a name is made of; None if there is another word in it."""
    letters = re.sub(r'[\W\d_]+', '', name.lower())
    if letters in _OTHER:
        return ['other']
    if not letters or not re.fullmatch(f'(?:{_WORD.pattern})+', letters):
        return None
    return [found.lastgroup or '' for found in _WORD.finditer(letters)]


def bare(stem: str) -> str:
    """The name of a picture without what says that it is one, or a mask: ``a_01`` of ``a_01_gtFine_labelIds``."""
    return _stripped(_stripped(stem, _ENDS), _FRONTS)


def _stripped(stem: str, words: re.Pattern) -> str:
    while (shorter := words.sub('', stem)) not in ('', stem):
        stem = shorter
    return stem


def mask_rank(stem: str) -> int | None:
    """How good a mask is by its name, 0 the best, among several of a picture; None: the name says no mask."""
    words = re.split(r'[\W_]+', stem.lower())
    ranks = [rank for rank, word in enumerate(_MASK_WORDS) if word in (words[-1], words[0]) and len(words) > 1]
    return min(ranks, default=None)
