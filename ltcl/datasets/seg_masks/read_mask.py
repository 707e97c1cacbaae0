"""Reading one mask: what is wrong with the file itself."""

from collections.abc import Callable

import numpy as np
from PIL import Image, UnidentifiedImageError

from ltcl.errors import UserError

LOSSY = ('JPEG', 'MPO')
NOT_OPENED = (OSError, ValueError, Image.DecompressionBombError)
DEEP_MODES = ('I', 'F', 'I;16', 'I;16L', 'I;16B', 'I;16N')

# The EXIF tag of a photograph that was held on its side has a value from 5 on.
ORIENTATION, FIRST_ON_ITS_SIDE = 0x0112, 5


class ReadMask:
    """A pipeline's step that loads masks, with one clear line for a file that cannot be what it should be.

    Beyond decoding it reads the header of the file, which takes some microseconds.

    Args:
        step: The step, such as mmseg's ``LoadAnnotations``.
    """

    def __init__(self, step: Callable[[dict], dict | None]) -> None:
        self.step = step

    def __call__(self, results: dict) -> dict | None:
        """Load the mask of a sample.

        Raises:
            UserError: There is no such file, it is no image, lossy or too deep, or of another size than the image.
        """
        path = results.get('seg_map_path')
        if path is None:
            raise UserError(
                f'the data set names no mask for {results.get("img_path")}: set data_prefix=dict(img_path=..., '
                'seg_map_path=...) to the folders of images and masks'
            )
        try:
            loaded = self.step(results)
        except FileNotFoundError as error:
            raise UserError(missing_mask(path, results.get('img_path'))) from error
        except (OSError, AttributeError) as error:  # OpenCV gives None for what is no image
            kind = 'is no image file' if _is_no_image(error) else f'cannot be read ({error})'
            raise UserError(f'the mask {path} {kind}: write it again, as PNG with one label per pixel') from error
        except AssertionError as error:
            raise UserError(f'{path}: {error}; set reduce_zero_label of the data set only') from error
        if loaded is not None and 'gt_seg_map' in loaded:
            check_file(path, loaded['gt_seg_map'])
            check_size(path, loaded)
        return loaded

    def __repr__(self) -> str:
        return repr(self.step)


def missing_mask(path: str, image: str | None) -> str:
    """What to say of an image whose mask is not there."""
    return f'there is no mask {path} for the image {image}: add it, take the image out, or correct seg_map_suffix'


def _is_no_image(error: Exception) -> bool:
    return isinstance(error, UnidentifiedImageError | AttributeError)


def check_file(path: str, labels: np.ndarray) -> None:
    """Refuse formats that change labels, and values that mmseg cuts to 8 bits.

    Args:
        path: The file; one that Pillow does not open (another storage, another format) is let through.
        labels: What was read from it.

    Raises:
        UserError: Names the file.
    """
    try:
        with Image.open(path) as image:
            kind = image.format
            stored = np.asarray(image) if image.mode in DEEP_MODES else None
    except NOT_OPENED:
        return
    if kind in LOSSY:
        raise UserError(
            f'the mask {path} is a {kind} file, whose compression changes labels: make the masks anew as PNG from '
            'where they were drawn (a PNG made of the JPEG keeps its faults)'
        )
    if stored is not None and labels.dtype == np.uint8 and (cut := stored[stored != stored.astype(np.uint8)]).size:
        raise UserError(
            f'the mask {path} holds the value {cut.flat[0]}, but labels are read as 8 bits (0 to 255), which makes it '
            f'{cut.astype(np.uint8).flat[0]}: write masks as 8-bit PNG with labels from 0'
        )


def check_size(path: str, results: dict) -> None:
    """Refuse a mask whose image has another size.

    Args:
        path: File of the mask.
        results: The sample, with ``gt_seg_map`` as read and, where the image is read before, its ``ori_shape``.

    Raises:
        UserError: Names both files and sizes.
    """
    mask, image = results['gt_seg_map'].shape[:2], tuple(results.get('ori_shape') or ())[:2]
    if not image or mask == image:
        return
    turned = '; one is turned, perhaps by an EXIF tag of the photograph' if mask == image[::-1] else ''
    raise UserError(
        f'the mask {path} has {mask[1]}x{mask[0]} pixels, but its image {results.get("img_path")} has '
        f'{image[1]}x{image[0]}{turned}: each pixel of an image needs its label'
    )


def size_in_header(path: str | None) -> tuple[int, int] | None:
    """Height and width of an image, without reading it.

    None if Pillow does not open it, or an EXIF tag turns it on its side: some readers follow the tag, some do not.
    """
    if path is None:
        return None
    try:
        with Image.open(path) as image:
            return None if image.getexif().get(ORIENTATION, 1) >= FIRST_ON_ITS_SIDE else image.size[::-1]
    except NOT_OPENED:
        return None
