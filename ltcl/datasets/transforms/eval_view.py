"""The one view that an image is evaluated by."""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS
from ltcl.value_ranges import check_choice

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
        UserError: An argument outside its range.
    """

    def __init__(self, resize: int = 256, size: int = 224, interpolation: str = 'bilinear') -> None:
        if not 1 <= size <= resize:
            raise UserError(f'size of ltcl.EvalView must lie in 1..resize, got size {size} and resize {resize}')
        check_choice('interpolation of ltcl.EvalView', interpolation, INTERPOLATIONS)
        self.resize = resize
        self.size = size
        self.interpolation = InterpolationMode(interpolation)

    def transform(self, results: dict) -> dict:
        """Replace ``results['img']``, an array or a list of views."""
        images = results['img']
        results['img'] = list(map(self._resized, images)) if isinstance(images, list) else self._resized(images)
        results['img_shape'] = (self.size, self.size)
        return results

    def _resized(self, image: np.ndarray) -> np.ndarray:
        resized = F.resize(Image.fromarray(image), self.resize, self.interpolation)
        return np.array(F.center_crop(resized, self.size))

    def __repr__(self) -> str:
        """As in a log."""
        name = type(self).__name__
        return f'{name}(resize={self.resize}, size={self.size}, interpolation={self.interpolation.value})'
