"""The first step of a pipeline: an image file as an RGB array, and what happens when one cannot be read."""

import logging
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log
from PIL import Image

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS
from ltcl.value_ranges import check_choice

from .bit_depth import UnknownRangeError, ValueRange, check_value_range, given_to_8_bits
from .decoding import Colour, decode_rgb, flatten, reducible_size
from .image_files import MAX_PIXELS, check_ends, read_file
from .reduced_decoding import Undecoded
from .skipped_images import SeenFiles, SkippedImages

POLICIES = ('fail', 'skip')
ORDERS = ('bgr', 'rgb')
MAX_IN_A_ROW = 100
__all__ = ['LoadImage', 'decode_rgb']


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Reads the file ``img_path`` into an RGB array, from a disk or any storage that MMEngine's file client knows.

    Sets ``img`` (H, W, 3) uint8, ``img_shape``, ``ori_shape`` and ``channel_order``, 'rgb'. Grey, CMYK, palette,
    transparent and 16-bit files all become RGB with 8 bits.

    An array that is given as ``img``, as mmpretrain's inferencers do, is taken in place of a file: ``img_path`` is then
    None, unless it was given as well.

    Args:
        broken: What an unreadable or truncated file does: 'fail' stops the run with its path; 'skip' lets a training
            set take another image, drawn at random, in its place. ``ltcl.SkippedImagesHook`` reports their number. A
            test set has to count every image, so it needs 'fail'. A JPEG file that is damaged in the middle, which
            libjpeg fills with something, is named once under 'fail', and skipped under 'skip'.
        max_pixels: A picture with more, width times height, counts as unreadable, before it takes memory. None is no
            limit.
        value_range: The values that become 0 and 255 in files of more than 8 bits: (low, high), the same for all
            files, or 'auto', the least and the largest of each file. None takes the depth that a file states, else
            16 bits, and refuses 32-bit files. Files of 8 bits are left alone.
        background: RGB colour below transparent pixels, such as (255, 255, 255). None drops the transparency, as the
            published recipes do: what is drawn in black on nothing becomes all black.
        array_order: Of the colours of a given array: 'bgr', as OpenCV and ``mmcv.imread`` have it, or 'rgb'. What gives
            the array may say it itself by ``channel_order``.
        backend_args: Of MMEngine's file back end; by default it follows the path's prefix.
        reduced: Decode a JPEG file at 1/2, 1/4 or 1/8 of its size where all views made of it are smaller still;
            ``ltcl.Views`` or ``ltcl.EvalView`` must follow. The draws stay as they are, the pixels differ slightly, see
            docs/augmentation.md.
        upright: Turn pictures as their EXIF tag says, as viewers do and telephones expect. The published recipes do
            not; the config of own images does.

    Attributes:
        kept: Decoded images in memory, of ``ltcl.SharedImagesHook``; None decodes each time.
        refuses_damage: Whether a JPEG file that is damaged in the middle cannot be read, under 'fail' too.

    Raises:
        UserError: An option is not as described; a broken file under 'fail', or too many in a row under 'skip'; there
            is neither a path nor an array of an image.
    """

    def __init__(
        self,
        broken: str = 'fail',
        max_pixels: float | None = MAX_PIXELS,
        value_range: ValueRange = None,
        background: Colour | None = None,
        array_order: str = 'bgr',
        backend_args: dict | None = None,
        reduced: bool = False,
        upright: bool = False,
    ) -> None:
        check_choice('broken of ltcl.LoadImage', broken, POLICIES)
        check_choice('array_order of ltcl.LoadImage', array_order, ORDERS)
        if max_pixels is not None and not max_pixels >= 1:
            raise UserError(f'max_pixels of ltcl.LoadImage must be at least 1, or None for no limit, got {max_pixels}')
        self.max_pixels = max_pixels
        self.value_range = check_value_range(value_range)
        self.background = _check_colour(background)
        self.array_order = array_order
        self.backend_args = backend_args
        self.reduced = reduced
        self.upright = upright
        self.skipped = SkippedImages() if broken == 'skip' else None
        self.damaged = SeenFiles()
        self.kept: Any = None
        self.refuses_damage = False

    def transform(self, results: dict) -> dict | None:
        """Read ``results['img_path']`` or take ``results['img']``; None asks the data set for another image."""
        if results.get('img') is not None:
            image = self.take(results['img'], results.get('channel_order', self.array_order))
            results.setdefault('img_path', None)
        else:
            path = results.get('img_path')
            if path is None:
                raise UserError('ltcl.LoadImage needs the path of an image, img_path, or an array, img: it got neither')
            if self.skipped is not None and path in self.skipped.broken:
                return self._broken(path)
            image = self._attempt(path, lambda: self._image(path))
            if image is None:
                return None
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.size if isinstance(image, Undecoded) else image.shape[:2]
        results['channel_order'] = 'rgb'
        return results

    def read(self, path: str) -> np.ndarray:
        """Decode a file.

        Args:
            path: Its path.

        Returns:
            RGB array (H, W, 3), uint8.

        Raises:
            UserError: Its values have no known range.
            Exception: It cannot be read; of many kinds, since Pillow's readers raise what they like.
        """
        return self._decode(path, self._content(path))

    def _image(self, path: str) -> np.ndarray | Undecoded:
        if self.kept is not None:
            return self.kept.get(path, self.read)
        return self._open(path) if self.reduced else self.read(path)

    def _content(self, path: str) -> bytes:
        return read_file(path, self.max_pixels, self.backend_args)

    def _open(self, path: str) -> np.ndarray | Undecoded:
        """A JPEG file whose views decide at which size it is decoded, or the pixels of any other file."""
        content = self._content(path)
        size = reducible_size(content, self.max_pixels, self.upright)
        if size is None:
            return self._decode(path, content)
        return Undecoded(size, lambda reduction: self._attempt(path, lambda: self._decode(path, content, reduction)))

    def _decode(self, path: str, content: bytes, reduction: int = 1) -> np.ndarray:
        def damaged(damage: str) -> None:
            if self.skipped is not None or self.refuses_damage:
                raise OSError(f'damaged in the middle: {damage}')
            if self.damaged.add(path):
                # Processes other than the first log errors only.
                text = f'the image {path} is damaged in the middle ({damage}); what follows there is not its picture'
                print_log(text, 'current', logging.ERROR)

        options: Any = dict(max_pixels=self.max_pixels, value_range=self.value_range, background=self.background)
        try:
            return decode_rgb(content, **options, on_damage=damaged, reduction=reduction, upright=self.upright)
        except UnknownRangeError as error:
            raise UserError(f'cannot read the image {path}: {error}') from error

    def _attempt(self, path: str, read: Callable[[], Any]) -> Any:
        """What reading a file gives; what the policy says if it fails."""
        try:
            image = read()
        except UserError:
            raise
        # Pillow's plugins raise more than their documentation says on damaged files.
        except Exception as error:
            return self._broken(path, error)
        if self.skipped is not None and isinstance(image, np.ndarray):
            self.skipped.in_a_row = 0
        return image

    def check_ends(self, path: str) -> None:
        """Look at a file without decoding it: see :func:`ltcl.datasets.transforms.image_files.check_ends`."""
        check_ends(path, self.max_pixels, self.backend_args)

    def take(self, array: np.ndarray, order: str) -> np.ndarray:
        """Make RGB of an array that is given.

        Args:
            array: Grey (H, W) or (H, W, 1), colours (H, W, 3), or with transparency (H, W, 4), which lies on
                ``background`` or is dropped. By ``value_range`` all but uint8 is scaled; without, uint16 alone is, as
                16 bits, and integers of other types are taken as they are.
            order: 'bgr' or 'rgb'.

        Returns:
            RGB array (H, W, 3), uint8.

        Raises:
            UserError: It has another form, or values without a known range.
        """
        check_choice('channel_order of ltcl.LoadImage', order, ORDERS)
        is_image = isinstance(array, np.ndarray) and array.dtype.kind in 'uif' and array.ndim in (2, 3) and array.size
        if not is_image or array.shape[2:] not in ((), (1,), (3,), (4,)):
            kind = f'{array.dtype} {array.shape}' if isinstance(array, np.ndarray) else type(array).__name__
            advice = ': give the images one by one' if np.ndim(array) == 4 else ''
            raise UserError(
                f'ltcl.LoadImage takes an array (H, W), (H, W, 3) or (H, W, 4) of numbers, not {kind}{advice}'
            )
        try:
            array = given_to_8_bits(array, self.value_range)
        except UnknownRangeError as error:
            raise UserError(f'cannot take the array given to ltcl.LoadImage: {error}') from error
        if array.ndim == 2 or array.shape[2] == 1:
            return cv2.cvtColor(array, cv2.COLOR_GRAY2RGB)
        rgb = np.ascontiguousarray(array[..., :3] if order == 'rgb' else array[..., 2::-1])
        if self.background is not None and array.shape[2] == 4:
            return flatten(Image.fromarray(np.dstack([rgb, array[..., 3]])), self.background)
        return rgb

    def _broken(self, path: str, error: Exception | None = None) -> Any:
        """Do what the policy says; without an error the file was named before the training."""
        reason = 'found before the training' if error is None else why(error)
        if self.skipped is None:
            raise UserError(
                f'cannot read the image {path} ({reason}): mend or remove it, or let the training go on without it by '
                "broken='skip' of ltcl.LoadImage"
            ) from error
        if self.skipped.add(path) and error is not None:
            # Processes other than the first log errors only.
            print_log(f'skipped the image {path}, which cannot be read ({reason})', 'current', logging.ERROR)
        if self.skipped.in_a_row >= MAX_IN_A_ROW:
            raise UserError(
                f'{MAX_IN_A_ROW} images in a row cannot be read, the last of them {path} ({reason}): mend the data set'
            )

    def __repr__(self) -> str:
        """As in a log."""
        broken = 'fail' if self.skipped is None else 'skip'
        return f'{type(self).__name__}({broken=}, max_pixels={self.max_pixels}, value_range={self.value_range})'


def why(error: Exception) -> str:
    """The reason why a file cannot be read, in one line."""
    reason = getattr(error, 'strerror', None) or ' '.join(str(error).split())
    return reason or type(error).__name__


def _check_colour(colour: Colour | None) -> Colour | None:
    if colour is None:
        return None
    is_colour = isinstance(colour, list | tuple) and len(colour) == 3
    if not (is_colour and all(isinstance(each, int) and 0 <= each <= 255 for each in colour)):
        raise UserError(f'background of ltcl.LoadImage must be three numbers of 0..255 or None, got {colour!r}')
    red, green, blue = colour
    return red, green, blue
