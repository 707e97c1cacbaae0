"""All views of a sample, from one decoded image."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from . import opencv_operations, pil_operations
from .blocks import BLOCKS, default_size
from .operation import Operation
from .rand_augment import RandAugment

BACKENDS = {'pillow': pil_operations, 'opencv': opencv_operations}


@dataclass(frozen=True)
class ViewOptions:
    """What a config sets of a block: see :class:`Views`."""

    size: int
    rand_augment: RandAugment


class Block:
    """One view: the steps of a block with its options.

    Args:
        block: Name of a block.
        size: Side of the view in pixels; None is the published one, 224, or 32 of a block for CIFAR.
        num_layers: Of the block's RandAugment.
        magnitude: Of the block's RandAugment.

    Raises:
        UserError: An unknown name, with the similar ones, or an option outside its range.
    """

    def __init__(self, block: str, size: int | None, num_layers: int, magnitude: float) -> None:
        if block not in BLOCKS:
            similar = difflib.get_close_matches(block, BLOCKS, n=3, cutoff=0.4)
            raise UserError(
                f'ltcl.Views has no block {block!r}: {"did you mean " if similar else "it has "}'
                f'{", ".join(similar or BLOCKS)}?'
            )
        size = default_size(block) if size is None else size
        if size < 1:
            raise UserError(f'size of the block {block} of ltcl.Views must be at least 1 pixel, got {size}')
        self.name = block
        self.steps = BLOCKS[block]
        self.options = ViewOptions(size, RandAugment(num_layers, magnitude))

    def draw(self, height: int, width: int) -> list[Operation]:
        """Operations that make a view of an image.

        Args:
            height: Of the image.
            width: Of the image.
        """
        crop, *others = self.steps
        operations = crop.draw(height, width, self.options)
        side = self.options.size
        for step in others:
            operations += step.draw(side, side, self.options)
        return operations


@TRANSFORMS.register_module()
class Views(BaseTransform):
    """Makes all views of a sample from its once decoded image.

    A view is a block of the published recipes, by its name in ``ltcl.datasets.transforms.blocks.BLOCKS``. Randomness
    comes from the global generators of Python, NumPy and PyTorch, so it is a function of seed, epoch and position in
    the epoch. The views are RGB arrays (H, W, 3), uint8; the data preprocessor normalises them, with
    ``to_rgb=False``.

    One block gives one array, several give a list, as mmpretrain's ``MultiView``.

    Args:
        blocks: For each view the name of a block, or a dict of its name, ``block``, and its own ``size``,
            ``num_layers`` or ``magnitude``.
        size: Side of the views in pixels; None is the published one, 224, or 32 of a block for CIFAR.
        num_layers: Operations that RandAugment draws.
        magnitude: Mean level of RandAugment.
        backend: 'pillow', with which the recipes were published, or 'opencv', which applies the same draws two to three
            times faster; how far its pixels differ is listed in docs/augmentation.md.

    Raises:
        UserError: No block, an unknown name or key, an option outside its range, or an image that is no RGB array.
    """

    def __init__(
        self,
        blocks: Sequence[str | dict],
        size: int | None = None,
        num_layers: int = 2,
        magnitude: float = 10,
        backend: str = 'pillow',
    ) -> None:
        if isinstance(blocks, str) or not blocks:
            raise UserError(f"blocks of ltcl.Views must be a list of names, such as ['randcls', 'sim'], got {blocks!r}")
        if backend not in BACKENDS:
            raise UserError(f'backend of ltcl.Views must be one of {", ".join(BACKENDS)}, got {backend!r}')
        shared = dict(size=size, num_layers=num_layers, magnitude=magnitude)
        self.blocks = [_build(entry, shared) for entry in blocks]
        self.backend = backend

    def draw(self, height: int, width: int) -> list[list[Operation]]:
        """Operations of each view of an image.

        Args:
            height: Of the image.
            width: Of the image.
        """
        return [block.draw(height, width) for block in self.blocks]

    def transform(self, results: dict) -> dict:
        """Replace ``results['img']`` by its views."""
        image = results['img']
        if not (isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.shape[2:] == (3,)):
            kind = f'{image.dtype} {image.shape}' if isinstance(image, np.ndarray) else type(image).__name__
            raise UserError(f'ltcl.Views takes RGB arrays (H, W, 3) of uint8, as ltcl.LoadImage gives, not {kind}')
        apply = BACKENDS[self.backend].apply_to_array
        views = [_by_planes(apply(image, operations)) for operations in self.draw(*image.shape[:2])]
        results['img'] = views if len(views) > 1 else views[0]
        results['img_shape'] = views[0].shape[:2]
        return results

    def __repr__(self) -> str:
        """As in a log."""
        names = ', '.join(block.name for block in self.blocks)
        return f'{type(self).__name__}(blocks=[{names}], backend={self.backend})'


def _by_planes(image: np.ndarray) -> np.ndarray:
    """The same array (H, W, 3), one colour after the other in memory: packing need not copy it again."""
    return np.stack(cv2.split(image)).transpose(1, 2, 0)


def _build(entry: str | dict, shared: dict) -> Block:
    own = dict(block=entry) if isinstance(entry, str) else dict(entry)
    unknown = own.keys() - shared.keys() - {'block'}
    if unknown or 'block' not in own:
        raise UserError(
            f'an entry of blocks of ltcl.Views is a name or a dict of block, {", ".join(shared)}, got {entry!r}'
        )
    return Block(**shared | own)
