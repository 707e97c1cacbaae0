"""Which images and masks lie below a data root, and which of them are for training, validation and test."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..datasets.folder_names import PARTS, is_no_class
from ..datasets.folder_walk import all_images
from ..errors import UserError
from .folder_words import Spot, bare, mask_rank, spot_of
from .pairing import Pair, pair_up, pair_up_in_folder, stem_of
from .voc_lists import parts_by_lists, voc_lists

LAYOUTS = (
    'images/ and masks/ with files of the same names (and train/, val/, test/ above or below), or a.jpg and a_mask.png'
)


@dataclass
class Part:
    """Images and masks of a part, paths below the data root, sorted.

    Attributes:
        pairs: Images with their masks.
        without_mask: Images without one.
        without_image: Masks without one.
    """

    pairs: list[Pair] = field(default_factory=list)
    without_mask: list[str] = field(default_factory=list)
    without_image: list[str] = field(default_factory=list)


@dataclass
class Scenes:
    """What lies below a data root.

    Attributes:
        root: The data root.
        parts: 'train', 'val' and 'test', or 'all' for a root that is not divided.
        notes: What is there and is not used, one sentence each.
    """

    root: str
    parts: dict[str, Part]
    notes: list[str] = field(default_factory=list)

    @property
    def training(self) -> str | None:
        """The part that training images come from; None: there is none."""
        return next((part for part in ('train', 'all') if part in self.parts), None)

    @property
    def pairs(self) -> list[Pair]:
        """The pairs of all parts."""
        return [pair for part in self.parts.values() for pair in part.pairs]


Spots = dict[str, Spot]


def find_scenes(root: str | os.PathLike) -> Scenes:
    """Look for images and their masks, whatever usual names folders and files have.

    Args:
        root: The data root.

    Raises:
        UserError: It is missing, holds no image or no mask, an image has two masks, or two folders mean one part.
    """
    root = os.fspath(root)
    if not os.path.isdir(root):
        raise UserError(f'the folder of images and masks {root} does not exist: name yours, with {LAYOUTS}')
    spots = _spots(root)
    if not spots:
        raise UserError(f'{root} holds no image: put images and masks there, as {LAYOUTS}')
    pairs, images, masks = _paired(spots)
    if not pairs:
        raise _nothing_paired(root, images, masks)
    lists = voc_lists(root)
    if lists:
        return _by_lists(root, lists, pairs)
    parts: dict[str, Part] = defaultdict(Part)
    for pair in sorted(pairs):
        parts[spots[pair.image].part or spots[pair.mask].part or 'all'].pairs.append(pair)
    for path in sorted(images):
        parts[spots[path].part or 'all'].without_mask.append(path)
    for path in sorted(masks):
        parts[spots[path].part or 'all'].without_image.append(path)
    return _settled(root, parts)


def is_scene_folder(path: str | os.PathLike) -> bool:
    """Whether a folder holds images and masks for segmentation, not images in class folders.

    It does if folders are named for masks and hold pictures, beside images in folders that are named for nothing else;
    or if half of its pictures or more are images and their masks, in one folder, or in two whose names have such words.

    Args:
        path: Any path.
    """
    if not os.path.isdir(path):
        return False
    spots = _spots(os.fspath(path))
    masks = sum(spot.role == 'mask' and spot.is_sure for spot in spots.values())
    images = sum(spot.role == 'image' or not spot.rest for spot in spots.values() if spot.role != 'mask')
    if masks:
        return images > 0 and 2 * (masks + images) >= len(spots)
    try:
        pairs, _, _ = _paired(spots)
    except UserError:  # there are pairs, one with a mask too many
        return True
    are_told = all(spots[mask].role == 'mask' or not spots[image].rest for image, mask in pairs)
    return bool(pairs) and 4 * len(pairs) >= len(spots) and are_told


def masks_below(root: str | os.PathLike) -> set[str]:
    """The masks below a data root by their paths there: of classes or of objects, with an image or without.

    Args:
        root: The data root.
    """
    spots = _all_spots(os.fspath(root))
    by_folder = {path for path, spot in spots.items() if spot.role in ('mask', 'other')}
    try:
        pairs, _, masks = _paired(_usable(spots))
    except UserError:  # a training would have to be told which of several masks is meant
        return by_folder
    return by_folder | {pair.mask for pair in pairs} | set(masks)


def _spots(root: str) -> Spots:
    """Where each picture that a training may use lies, by its path below the root."""
    return _usable(_all_spots(root))


def _usable(spots: Spots) -> Spots:
    return {path: spot for path, spot in spots.items() if spot.role != 'other'}


def _all_spots(root: str) -> Spots:
    start = len(root.rstrip('/')) + 1
    paths = sorted(path[start:] for path in all_images(root.rstrip('/')))
    folders = {path: PurePosixPath(path).parts[:-1] for path in paths}
    known = {folder: spot_of(folder) for folder in set(folders.values())}
    if not any(spot.role == 'mask' for spot in known.values()):
        by_any_word = {folder: spot_of(folder, by_any_word=True) for folder in known}
        known = by_any_word if {'image', 'mask'} <= {spot.role for spot in by_any_word.values()} else known
    return {path: known[folder] for path, folder in folders.items() if not any(map(is_no_class, folder))}


def _paired(spots: Spots) -> tuple[list[Pair], list[str], list[str]]:
    """Pairs, and the images and the masks that are left."""
    masks = [path for path, spot in spots.items() if spot.role == 'mask']
    named = [path for path, spot in spots.items() if spot.role == 'image']
    images = named or [path for path, spot in spots.items() if spot.role is None]
    if not masks:
        return _paired_in_folders(named or images)
    pairs: list[Pair] = []
    # A folder that both sides have is paired in itself: what is missing there is in no other one.
    shared = {spots[path].rest for path in images} & {spots[path].rest for path in masks} - {()}
    apart = {spot: spot.rest if spot.rest in shared else () for spot in spots.values()}
    # From the nearest to the farthest: the same part and folders, the same folders, the same part.
    scopes: Sequence[Callable[[Spot], object]] = (
        lambda spot: (spot.part, spot.rest),
        lambda spot: spot.rest,
        lambda spot: (spot.part, apart[spot]),
        lambda spot: apart[spot],
    )
    for scope_of in scopes:
        used = {path for pair in pairs for path in pair}
        pairs += _paired_by(scope_of, images, masks, spots, used)
    used = {path for pair in pairs for path in pair}
    images = [path for path in images if path not in used]
    return pairs, images, [path for path in _lonely(masks, pairs) if path not in used]


def _lonely(masks: Sequence[str], pairs: Sequence[Pair]) -> list[str]:
    """Masks without those that are another kind of mask of an image that has one."""
    taken = {(os.path.dirname(pair.mask), bare(stem_of(pair.mask))) for pair in pairs}
    return [path for path in masks if (os.path.dirname(path), bare(stem_of(path))) not in taken]


def _paired_by(
    scope_of: Callable[[Spot], object], images: Sequence[str], masks: Sequence[str], spots: Spots, used: set[str]
) -> list[Pair]:
    groups: dict[object, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, paths in enumerate((images, masks)):
        for path in paths:
            if path not in used:
                groups[scope_of(spots[path])][side].append(path)
    found = [pair for group in groups.values() if all(group) for pair in pair_up(*group)]
    return [pair for pair in found if _agree(spots[pair.image].part, spots[pair.mask].part)]


def _agree(one: str | None, other: str | None) -> bool:
    return one == other or None in (one, other)


def _paired_in_folders(paths: Iterable[str]) -> tuple[list[Pair], list[str], list[str]]:
    folders = defaultdict(list)
    for path in paths:
        folders[os.path.dirname(path)].append(path)
    pairs = [pair for inside in folders.values() for pair in pair_up_in_folder(inside)]
    used = {path for pair in pairs for path in pair}
    left = [path for inside in folders.values() for path in inside if path not in used]
    masks = [path for path in left if mask_rank(stem_of(path)) is not None]
    return pairs, [path for path in left if path not in set(masks)], masks


def _nothing_paired(root: str, images: Sequence[str], masks: Sequence[str]) -> UserError:
    if masks and images:
        return UserError(
            f'{root}: none of the {len(images)} images, such as {images[0]}, has the name of one of the {len(masks)} '
            f'masks, such as {masks[0]}: give an image and its mask the same name'
        )
    found, missing = ('masks', 'images') if masks else ('images', 'masks')
    return UserError(f'{root} holds {len(images or masks)} {found} and no {missing}: put them there, as {LAYOUTS}')


def _by_lists(root: str, lists: dict[str, Path], pairs: Sequence[Pair]) -> Scenes:
    """Parts as lists name them; of what they do not name nobody asks for a mask."""
    named = parts_by_lists(lists, (pair.image for pair in pairs))
    parts: dict[str, Part] = defaultdict(Part)
    for pair in sorted(pairs):
        if pair.image in named:
            parts[named[pair.image]].pairs.append(pair)
    rest = sorted(pair.image for pair in pairs if pair.image not in named)
    scenes = _settled(root, parts)
    if 'test' in lists and 'test' not in parts:
        scenes.notes.append(f'{lists["test"]}: not read, since it names no image with a mask')
    if rest:
        folder = lists['train'].parent
        scenes.notes.append(
            f'{root}: not read, since no list in {folder} names them: {len(rest)} images such as {rest[0]}'
        )
    return scenes


def _settled(root: str, parts: dict[str, Part]) -> Scenes:
    """Parts in their order; a part without masks is none, and ``eval`` is the test, or validation beside another."""
    if 'eval' in parts:
        meaning = 'val' if 'test' in parts else 'test'
        if meaning in parts:
            raise UserError(f'{root} has val and eval, which both mean val: join them, or take one away')
        parts[meaning] = parts.pop('eval')
    notes = []
    for name, part in list(parts.items()):
        if not part.pairs and name in ('test', 'all'):
            lonely = part.without_mask or part.without_image
            notes.append(f'{root}: not read, since they have no masks: {len(lonely)} images such as {lonely[0]}')
            del parts[name]
    if 'train' in parts and 'all' in parts:
        pairs = parts['all'].pairs
        beside = f'{len(pairs)} images with masks such as {pairs[0].image}'
        notes.append(f'{root}: not trained on, since they lie in no part, but beside train: {beside}')
    return Scenes(root, {name: parts[name] for name in (*PARTS, 'all') if name in parts}, notes)
