"""Corrupted copies of images on disk."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...files import write_atomic
from ..robustness import read_image
from ..transforms.eval_view import EvalView
from . import corrupt
from .frost_photos import PACKAGE, covering, read_frost


class CorruptionWriter:
    """Writes ``<out>/<corruption>/<severity>/<name>`` for images, at every severity; what is there is left alone.

    The generator is seeded by the image's name, so a file is the same whichever others were made before, and by whom.

    Args:
        out: Folder of the corruptions.
        corruptions: Their names.
        profile: ``'small'`` or ``'large'`` severities. Small images become PNG, large ones JPEG of quality 85, as the
            images of ImageNet-C are.
        crop: Resize the shorter side to 256 and cut out 224x224 before, as for ImageNet-C.
        seed: Seed of all images.
        frost_images: Photographs for ``frost``: a folder, or the name of the package that has those of ImageNet-C,
            which are enlarged where they are smaller than an image; None draws the frost.
        decoding: How image files are read, as :func:`ltcl.datasets.robustness.read_image` takes it.
    """

    def __init__(
        self,
        out: Path,
        corruptions: Sequence[str],
        profile: str,
        crop: bool,
        seed: int = 0,
        frost_images: str | Path | None = None,
        decoding: Mapping[str, Any] | None = None,
    ) -> None:
        self.out = out
        self.variants = [(corruption, severity) for corruption in corruptions for severity in range(1, 6)]
        self.profile = profile
        self.crop = EvalView() if crop else None
        self.seed = seed
        self.decoding = decoding or {}
        self.enlarge_frost = frost_images == PACKAGE
        self.frost_photos = None if frost_images is None else read_frost(frost_images, profile)

    def __call__(self, item: tuple[str, str | np.ndarray]) -> int:
        """Write all that is missing of one image.

        Args:
            item: Name without suffix, ``class/stem``, and the image: its path, or uint8 of shape (H, W) or (H, W, 3).

        Returns:
            Number of files written.
        """
        name, source = item
        missing = [variant for variant in self.variants if not self._path(name, *variant).exists()]
        if not missing:
            return 0
        image = read_image(source, 'rgb', **self.decoding) if isinstance(source, str) else source
        if self.crop is not None:
            image = self.crop.view_of(image)
        photos = self.frost_photos
        if photos is not None and self.enlarge_frost:
            photos = covering(photos, *image.shape[:2])
        for corruption, severity in missing:
            rng = np.random.default_rng(seed_of(self.seed, corruption, severity, name))
            corrupted = corrupt(image, corruption, severity, rng, self.profile, photos)
            self._write(self._path(name, corruption, severity), corrupted)
        return len(missing)

    def _path(self, name: str, corruption: str, severity: int) -> Path:
        suffix = '.png' if self.profile == 'small' else '.JPEG'
        return self.out / corruption / str(severity) / (name + suffix)

    @staticmethod
    def _write(path: Path, image: np.ndarray) -> None:
        """Whole or not at all, so that a file which exists need not be looked at again."""
        options = dict(format='PNG') if path.suffix == '.png' else dict(format='JPEG', quality=85, optimize=True)
        content = BytesIO()
        Image.fromarray(image).save(content, **options)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content.getvalue())


def seed_of(*parts: object) -> int:
    """A seed of 64 bits that depends on all the parts."""
    text = '/'.join(map(str, parts)).encode('utf-8', 'surrogateescape')  # a file's name may be no UTF-8
    return int.from_bytes(sha256(text).digest()[:8], 'big')
