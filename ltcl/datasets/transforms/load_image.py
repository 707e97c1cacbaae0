"""Image files as RGB arrays, and what happens when one cannot be read."""

import io
import logging

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio
from mmengine.logging import print_log
from PIL import Image

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from .skipped_images import SkippedImages

POLICIES = ('fail', 'skip')
MODES_16_BIT = ('I', 'I;16', 'I;16L', 'I;16B', 'I;16N')


def decode_rgb(content: bytes) -> np.ndarray:
    """Decode an image file.

    Args:
        content: Bytes of a file in any format that Pillow reads.

    Returns:
        RGB array (H, W, 3), uint8, as the pixels lie in the file: no turn by the EXIF tag. Grey is repeated, CMYK and
        palettes are converted, transparency is dropped, and 16-bit grey is scaled to 8 bits.

    Raises:
        OSError: It is no image, or ends too early.
        ValueError: Its values have no known range (32-bit pixels).
    """
    with Image.open(io.BytesIO(content)) as image:
        if image.mode in MODES_16_BIT:
            return _from_16_bit(np.asarray(image))
        if image.mode == 'F':
            raise ValueError('pixels of mode F have no known range')
        is_common = image.format == 'JPEG' and image.mode in ('RGB', 'L')
        if is_common and (array := _decode_jpeg(content)) is not None:
            return array
        return np.array(image.convert('RGB'))


def _decode_jpeg(content: bytes) -> np.ndarray | None:
    """The same pixels by the same library, without Pillow's copies; None of a damaged file."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _from_16_bit(values: np.ndarray) -> np.ndarray:
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f'grey levels from {values.min()} to {values.max()} do not fit into 16 bits')
    grey = np.rint(values / 257).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Reads the file ``img_path`` into an RGB array, from a disk or any storage that MMEngine's file client knows.

    Sets ``img`` (H, W, 3) uint8, ``img_shape`` and ``ori_shape``. Grey, CMYK, palette, transparent and 16-bit files all
    become RGB with 8 bits; an EXIF turn is not applied, as in the published recipes.

    Args:
        broken: What an unreadable or truncated file does: 'fail' stops the run with its path; 'skip' lets a training
            set take another image, drawn at random, in its place. ``ltcl.SkippedImagesHook`` reports their number. A
            test set has to count every image, so it needs 'fail'.
        backend_args: Of MMEngine's file back end; by default it follows the path's prefix.

    Raises:
        UserError: An unknown policy, or a broken file under 'fail'.
    """

    def __init__(self, broken: str = 'fail', backend_args: dict | None = None) -> None:
        if broken not in POLICIES:
            raise UserError(f'broken of ltcl.LoadImage must be one of {", ".join(POLICIES)}, got {broken!r}')
        self.backend_args = backend_args
        self.skipped = SkippedImages() if broken == 'skip' else None

    def transform(self, results: dict) -> dict | None:
        """Read ``results['img_path']``; None asks the data set for another image."""
        path = results['img_path']
        try:
            image = decode_rgb(fileio.get(path, backend_args=self.backend_args))
        # Pillow's plugins raise more than their documentation says on damaged files.
        except Exception as error:
            return self._broken(path, error)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _broken(self, path: str, error: Exception) -> None:
        reason = getattr(error, 'strerror', None) or error
        if self.skipped is None:
            raise UserError(
                f'cannot read the image {path} ({reason}): mend or remove it, or let the training go on without it by '
                "broken='skip' of ltcl.LoadImage"
            ) from error
        if self.skipped.add(path):
            # Processes other than the first log errors only.
            print_log(f'skipped the image {path}, which cannot be read ({reason})', 'current', logging.ERROR)

    def __repr__(self) -> str:
        """As in a log."""
        return f'{type(self).__name__}(broken={"fail" if self.skipped is None else "skip"!r})'
