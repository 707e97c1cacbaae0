"""The one view that an image is evaluated by."""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS
from ltcl.value_ranges import check_choice

from .pil_operations import Resampling
from .reduced_decoding import Undecoded, largest_reduction, resized_box

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic')


@TRANSFORMS.register_module()
class EvalView(BaseTransform):
    """Resizes the shorter side and cuts out the square at the centre, by Pillow, as all published evaluations do.

    Takes and gives RGB arrays (H, W, 3), or grey ones (H, W), uint8; the data preprocessor normalises them, with
    ``to_rgb=False``. Behind ``ltcl.Views`` of small images, as those of CIFAR, it brings every view to the size that a
    network takes.

    Args:
        resize: New length of the shorter side in pixels.
        size: Side of the square.
        interpolation: 'bilinear' of the convolutional networks, 'bicubic' of the vision transformers, or 'nearest'.

    Raises:
        UserError: An argument outside its range, or the views are to be finished on the device.
    """

    def __init__(self, resize: int = 256, size: int = 224, interpolation: str = 'bilinear') -> None:
        if not 1 <= size <= resize:
            raise UserError(f'size of ltcl.EvalView must lie in 1..resize, got size {size} and resize {resize}')
        check_choice('interpolation of ltcl.EvalView', interpolation, INTERPOLATIONS)
        self.resize = resize
        self.size = size
        self.interpolation = InterpolationMode(interpolation)

    def transform(self, results: dict) -> dict | None:
        """Replace ``results['img']``, an array or a list of views; None asks the data set for another image."""
        images = results['img']
        if isinstance(images, Undecoded):
            results['img'] = self._reduced(images)
            if results['img'] is None:
                return None
        else:
            _refuse_rows(images)
            results['img'] = list(map(self.view_of, images)) if isinstance(images, list) else self.view_of(images)
        results['img_shape'] = (self.size, self.size)
        return results

    def view_of(self, image: np.ndarray) -> np.ndarray:
        """The view of an image, (H, W, 3) or (H, W), uint8."""
        resized = F.resize(Image.fromarray(image), self.resize, self.interpolation)
        return np.array(F.center_crop(resized, self.size))

    def _reduced(self, image: Undecoded) -> np.ndarray | None:
        """The same of a file, which is decoded no larger than needed."""
        shorter = min(image.size)
        takes_single_pixels = self.interpolation == InterpolationMode.NEAREST
        reduction = 1 if takes_single_pixels else largest_reduction(shorter / self.resize)
        pixels = image.decode(reduction)
        if pixels is None or reduction == 1:
            return None if pixels is None else self.view_of(pixels)
        height, width = (int(self.resize * side / shorter) for side in image.size)
        box = (0, 0, image.size[1] / reduction, image.size[0] / reduction)
        resample = Resampling[self.interpolation.name]
        resized = resized_box(Image.fromarray(pixels), box, (width, height), resample)
        return np.array(F.center_crop(Image.fromarray(resized), self.size))

    def __repr__(self) -> str:
        """As in a log."""
        name = type(self).__name__
        return f'{name}(resize={self.resize}, size={self.size}, interpolation={self.interpolation.value})'


def _refuse_rows(images: np.ndarray | list[np.ndarray]) -> None:
    if isinstance(images, list) and images[-1].ndim == 1:
        raise UserError(
            "ltcl.EvalView cannot follow ltcl.Views(backend='device'), whose views are not done: set another backend"
        )
