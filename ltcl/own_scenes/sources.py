"""Own images and masks, checked and ready: pairs, what the masks hold, and what that means."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from PIL import Image

from ..analysis.seg_class_counts import SegClassCounts, sum_up
from ..datasets.seg_masks.read_mask import check_size
from ..datasets.transforms.load_image import LoadImage, why
from ..datasets.transforms.upright import AS_IT_LIES, QUARTERS, turn_of
from ..errors import UserError
from ..neutral_text import shorten
from .label_map import LabelMap, find_label_map
from .layout import Part, Scenes, find_scenes
from .mask_facts import MaskFacts, mask_facts
from .pairing import Pair
from .statistics import pixels_of_classes

UNPAIRED = ('refuse', 'skip')


@dataclass(frozen=True)
class CountedPairs:
    """Pairs of images and masks.

    Attributes:
        pairs: Images and masks, paths below the data root.
        pixels: Pixels of each class in each mask, int64, shape (N, num_classes).
    """

    pairs: list[Pair]
    pixels: np.ndarray

    def subset(self, kept: np.ndarray) -> 'CountedPairs':
        """Those of some indices."""
        return CountedPairs([self.pairs[i] for i in kept], self.pixels[kept])

    def counts(self, names: Sequence[str]) -> SegClassCounts:
        """Images and pixels of each class."""
        return sum_up(self.pixels, names)


class SceneSources:
    """What lies below a data root, read and understood.

    Args:
        root: The data root.
        classes: Names of the classes, in the order of their labels.
        label_lines: Lines of ``classes.csv``, in the place of a file.

    Raises:
        UserError: There are no images with masks, a mask cannot be one, or its values do not tell their classes.
    """

    def __init__(
        self, root: str, classes: Sequence[str] | None = None, label_lines: Sequence[str] | None = None
    ) -> None:
        self.scenes: Scenes = find_scenes(root)
        self.root = self.scenes.root
        masks = [pair.mask for pair in self.scenes.pairs]
        self._facts = dict(zip(masks, mask_facts([os.path.join(self.root, mask) for mask in masks], root), strict=True))
        _refuse_faults(self.root, self._facts)
        self.label_map: LabelMap = find_label_map(self.root, masks, list(self._facts.values()), classes, label_lines)

    @cached_property
    def all(self) -> CountedPairs:
        """All pairs of the root."""
        return self._counted(self.scenes.pairs)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each mask."""
        return [each.size for each in self._facts.values()]

    @property
    def num_void(self) -> int:
        """Void pixels of all masks."""
        return sum(height * width for height, width in self.sizes) - int(self.all.pixels.sum())

    def read(self, name: str, unpaired: str = 'refuse') -> CountedPairs:
        """The pairs of a part.

        Args:
            name: A key of ``scenes.parts``.
            unpaired: 'refuse' images without masks and masks without images, or 'skip' them.

        Raises:
            UserError: An image or a mask stands alone, or all of them do.
        """
        part = self.scenes.parts[name]
        if unpaired == 'refuse':
            _refuse_unpaired(self.root, part)
        if not part.pairs:
            raise UserError(f'{self.root}: no image of the part {name} has a mask: add masks, or take the part away')
        return self._counted(part.pairs)

    def _counted(self, pairs: list[Pair]) -> CountedPairs:
        return CountedPairs(pairs, pixels_of_classes([self._facts[pair.mask] for pair in pairs], self.label_map))

    def check(self, pair: Pair, by_opencv: bool = True) -> bool:
        """Let a pair pass whose image is whole at both ends and has the size of the mask.

        Args:
            pair: The pair.
            by_opencv: Whether OpenCV will read the image, which knows fewer formats, and turns it by its EXIF tag.

        Returns:
            Whether the tag turns the image in a way that its size does not tell: the mask may lie otherwise.

        Raises:
            UserError: It is not, or has not.
        """
        image, mask = (os.path.join(self.root, path) for path in pair)
        try:
            LoadImage().check_ends(image)
            with Image.open(image) as opened:
                kind, size, turn = opened.format, opened.size[::-1], turn_of(opened)
        except Exception as error:  # Pillow's plugins raise more than their documentation says
            raise UserError(f'cannot read the image {image}: {why(error)}; take it away with its mask') from error
        if by_opencv and not cv2.haveImageReader(image):
            raise UserError(f'OpenCV does not read the {kind} image {image}: save images as PNG or JPEG')
        lies_across = QUARTERS[turn] % 2 == 1
        shape = np.broadcast_to(np.uint8(0), self._facts[pair.mask].size)
        seen: Sequence[int] | None = size[::-1] if lies_across else size
        if lies_across and not by_opencv:
            seen = None
        check_size(mask, {'gt_seg_map': shape, 'ori_shape': seen, 'img_path': image})
        return turn != AS_IT_LIES and (not lies_across or size[0] == size[1])


def _refuse_faults(root: str, facts: dict[str, MaskFacts]) -> None:
    faulty = [(mask, each.fault) for mask, each in facts.items() if each.fault]
    if faulty:
        more = f' ({len(faulty)} of {len(facts)} masks cannot be used)' if len(facts) > 1 else ''
        raise UserError(f'the mask {os.path.join(root, faulty[0][0])} {faulty[0][1]}{more}')


def _refuse_unpaired(root: str, part: Part) -> None:
    both = (('images', 'mask', part.without_mask), ('masks', 'image', part.without_image))
    told = [f'{len(paths)} {kind} have no {other}: {shorten(paths, 3)}' for kind, other, paths in both if paths]
    if told:
        raise UserError(
            f'{root}: {len(part.pairs)} images have a mask, but {"; ".join(told)}: add what is missing or take the '
            'rest away, or leave it out with --cfg-options unpaired=skip'
        )
