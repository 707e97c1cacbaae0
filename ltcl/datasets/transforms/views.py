"""All views of a sample, from one decoded image."""

import difflib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS
from ltcl.value_ranges import check_choice

from . import opencv_operations, pil_operations
from .drawn_rows import LEAST_CAPACITY, encode, split
from .operation import Operation
from .rand_augment import RandAugment
from .recipes import RECIPES
from .reduced_decoding import Undecoded, reduction_for, resized_box

BACKENDS = {'pillow': pil_operations, 'opencv': opencv_operations}
DEVICE = 'device'


class View:
    """One view: the steps of a recipe, with options.

    Args:
        recipe: Name of the recipe.
        size: Side of the view in pixels; None is the published one.
        num_layers: Of the recipe's RandAugment.
        magnitude: Of the recipe's RandAugment.

    Raises:
        UserError: An unknown name, with the similar ones, or an option outside its range.
    """

    def __init__(self, recipe: str, size: int | None, num_layers: int, magnitude: float) -> None:
        if recipe not in RECIPES:
            similar = difflib.get_close_matches(recipe, RECIPES, n=3, cutoff=0.4)
            raise UserError(
                f'ltcl.Views has no recipe {recipe!r}: {"did you mean " if similar else "it has "}'
                f'{", ".join(similar or RECIPES)}?'
            )
        self.name = recipe
        self.steps, published_size = RECIPES[recipe]
        self.size = published_size if size is None else size
        if self.size < 1:
            raise UserError(f'size of the recipe {recipe} of ltcl.Views must be at least 1 pixel, got {self.size}')
        self.rand_augment = RandAugment(num_layers, magnitude)

    def draw(self, height: int, width: int) -> list[Operation]:
        """Operations that make a view of an image.

        Args:
            height: Of the image.
            width: Of the image.
        """
        crop, *others = self.steps
        operations = crop.draw(height, width, self)
        for step in others:
            operations += step.draw(self.size, self.size, self)
        return operations


@TRANSFORMS.register_module()
class Views(BaseTransform):
    """Makes all views of a sample from its once decoded image.

    A view is made by a recipe, named as in ``ltcl.datasets.transforms.recipes.RECIPES``. Randomness comes from the
    global generators of Python, NumPy and PyTorch, so it is a function of seed, epoch and position in the epoch. The
    views are RGB arrays (H, W, 3), uint8, or (H, W) of a grey image; the data preprocessor normalises them, with
    ``to_rgb=False``.

    One recipe gives one array, several give a list, as mmpretrain's ``MultiView``.

    Args:
        recipes: For each view the name of a recipe, or a dict of its name, ``recipe``, and its own ``size``,
            ``num_layers`` or ``magnitude``.
        size: Side of the views in pixels; None is the published one, 224, 32 for CIFAR, 28 for Fashion-MNIST.
        num_layers: Operations that RandAugment draws.
        magnitude: Mean level of RandAugment.
        backend: 'pillow', with which the recipes were published, or 'opencv', which applies the same draws two to three
            times faster; how far its pixels differ is listed in docs/augmentation.md.
            It takes no grey images. 'device' crops, resizes and flips by OpenCV, and leaves all other operations, drawn
            as ever, to ``ltcl.MultiViewDataPreprocessor``, which applies them to whole batches on its device.
        blocks: The same as ``recipes``, ``block`` as ``recipe``: their names in older configs.

    Raises:
        UserError: No recipe, an unknown name or key, an option outside its range, or an image of another kind.
    """

    def __init__(
        self,
        recipes: Sequence[str | dict] | None = None,
        size: int | None = None,
        num_layers: int = 2,
        magnitude: float = 10,
        backend: str = 'pillow',
        blocks: Sequence[str | dict] | None = None,
    ) -> None:
        if recipes is not None and blocks is not None:
            raise UserError('ltcl.Views: blocks is the older name of recipes: leave it out')
        recipes = blocks if recipes is None else recipes
        if isinstance(recipes, str) or not recipes:
            raise UserError(
                f"recipes of ltcl.Views must be a list of names, such as ['randcls', 'sim'], got {recipes!r}"
            )
        check_choice('backend of ltcl.Views', backend, (*BACKENDS, DEVICE))
        shared = dict(size=size, num_layers=num_layers, magnitude=magnitude)
        self.views = [_build(entry, shared) for entry in recipes]
        self.backend = backend

    def draw(self, height: int, width: int) -> list[list[Operation]]:
        """Operations of each view of an image.

        Args:
            height: Of the image.
            width: Of the image.
        """
        return [view.draw(height, width) for view in self.views]

    def transform(self, results: dict) -> dict | None:
        """Replace ``results['img']`` by its views; None asks the data set for another image."""
        image = results['img']
        if not isinstance(image, Undecoded):
            self._check(image)
        drawn = self.draw(*(image.size if isinstance(image, Undecoded) else image.shape[:2]))
        made, left = zip(*map(split, drawn), strict=True) if self.backend == DEVICE else (drawn, [])
        views = self._of_file(image, made) if isinstance(image, Undecoded) else self._of_array(image, made)
        if views is None:
            return None
        rows = [self._rows(*each) for each in zip(self.views, views, left, strict=True)] if left else []
        # PackInputs leaves an array of one axis as it is.
        images = views + ([np.concatenate(rows, axis=None)] if rows else [])
        results['img'] = images if len(images) > 1 else images[0]
        results['img_shape'] = views[0].shape[:2]
        return results

    @staticmethod
    def _rows(view: View, image: np.ndarray, operations: Sequence[Operation]) -> np.ndarray:
        return encode(operations, image.shape[:2], LEAST_CAPACITY + view.rand_augment.num_layers)

    def _of_array(self, image: np.ndarray, drawn: Sequence[Sequence[Operation]]) -> list[np.ndarray]:
        is_fast = self.backend == 'opencv' or (self.backend == DEVICE and image.ndim == 3)
        apply = (opencv_operations if is_fast else pil_operations).apply_to_array
        return [_by_planes(apply(image, operations)) for operations in drawn]

    def _of_file(self, image: Undecoded, drawn: Sequence[Sequence[Operation]]) -> list[np.ndarray] | None:
        """The views of a file, which is decoded no larger than all of them allow."""
        reduction = reduction_for(crop for crop, *_ in drawn)
        pixels = image.decode(reduction)
        if pixels is None or reduction == 1:
            return None if pixels is None else self._of_array(pixels, drawn)
        picture, views = Image.fromarray(pixels), []
        for (_, ((left, top, right, bottom), size, resample)), *others in drawn:
            box = (left / reduction, top / reduction, right / reduction, bottom / reduction)
            crop = resized_box(picture, box, (size, size), resample)
            views += self._of_array(crop, [others])
        return views

    def _check(self, image: Any) -> None:
        takes_grey = self.backend != 'opencv'
        is_array = isinstance(image, np.ndarray) and image.dtype == np.uint8
        if is_array and (image.shape[2:] == (3,) or (image.ndim == 2 and takes_grey)):
            return
        kind = f'{image.dtype} {image.shape}' if isinstance(image, np.ndarray) else type(image).__name__
        grey = ', or grey ones (H, W)' if takes_grey else f" with backend='{self.backend}'"
        raise UserError(f'ltcl.Views takes RGB arrays (H, W, 3) of uint8, as ltcl.LoadImage gives{grey}, not {kind}')

    def __repr__(self) -> str:
        """As in a log."""
        names = ', '.join(view.name for view in self.views)
        return f'{type(self).__name__}(recipes=[{names}], backend={self.backend})'


def _by_planes(image: np.ndarray) -> np.ndarray:
    """The same array (H, W, 3), one colour after the other in memory: packing need not copy it again."""
    return np.stack(cv2.split(image)).transpose(1, 2, 0) if image.ndim == 3 else image


def _build(entry: str | dict, shared: dict) -> View:
    own = dict(recipe=entry) if isinstance(entry, str) else dict(entry)
    if 'block' in own and 'recipe' not in own:
        own['recipe'] = own.pop('block')
    if 'recipe' not in own or own.keys() - shared.keys() - {'recipe'}:
        raise UserError(
            f'an entry of recipes of ltcl.Views is a name or a dict of recipe, {", ".join(shared)}, got {entry!r}'
        )
    return View(**shared | own)
