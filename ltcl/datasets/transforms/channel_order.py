"""The order of the colours of the images that a pipeline makes."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform, LoadImageFromFile

from .load_image import LoadImage

# Their steps keep the order, but for those that say otherwise.
KNOWN_PACKAGES = ('ltcl', 'mmcv', 'mmpretrain', 'torchvision')
SWAPS = ('to_rgb', 'to_bgr')
OTHER = {'rgb': 'bgr', 'bgr': 'rgb'}


def order_of(transforms: Sequence[BaseTransform]) -> str | None:
    """Order of the colours behind the last step.

    Args:
        transforms: The steps of a pipeline.

    Returns:
        'rgb', 'bgr', or None where it cannot be told: no step reads a file in colour, or one is not known.
    """
    order = None
    for step in transforms:
        if isinstance(step, LoadImage):
            order = 'rgb'
        elif type(step).__module__.split('.')[0] not in KNOWN_PACKAGES:
            order = None
        elif isinstance(step, LoadImageFromFile):
            order = 'bgr' if step.color_type.startswith('color') else None
        elif order and any(getattr(step, swap, False) for swap in SWAPS):
            order = OTHER[order]
    return order
