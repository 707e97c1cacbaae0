"""The 15 common corruptions of ImageNet-C and CIFAR-10-C, for images of any size, colour or grey.

From `Benchmarking Neural Network Robustness to Common Corruptions and Perturbations
<https://arxiv.org/abs/1903.12261>`_. The libraries that offer them do not work on images as small as 28x28, or with
today's scikit-image.

Differs from the original: frost is drawn unless its photographs are given, which the package ``imagecorruptions-imaug``
has (:mod:`.frost_photos`); the random numbers come from another generator, so a corrupted image is one of the same
distribution, not the published one.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ...errors import UserError
from . import blur, digital, noise, weather
from .severity import SEVERITIES, SMALL_SIDE

__all__ = ['FUNCTIONS', 'SEVERITIES', 'SMALL_SIDE', 'corrupt', 'profile_of']

MODULES = (noise, blur, weather, digital)
FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    name: getattr(module, name) for name in SEVERITIES['large'] for module in MODULES if hasattr(module, name)
}


def profile_of(height: int, width: int) -> str:
    """``'small'`` (severities of CIFAR-10-C) or ``'large'`` (ImageNet-C) for images of this size."""
    return 'small' if min(height, width) <= SMALL_SIDE else 'large'


def corrupt(
    image: np.ndarray,
    corruption: str,
    severity: int,
    rng: np.random.Generator,
    profile: str | None = None,
    frost_photos: list[np.ndarray] | None = None,
) -> np.ndarray:
    """Corrupt one image.

    Args:
        image: uint8, shape (H, W) or (H, W, 3), RGB.
        corruption: A key of ``FUNCTIONS``.
        severity: 1 to 5.
        rng: Generator; the same state gives the same image.
        profile: Which severities, ``'small'`` or ``'large'``. None: :func:`profile_of` its size.
        frost_photos: Photographs for ``frost``, float32 in [0, 1], shape (H, W, 3). None draws the frost.

    Returns:
        uint8, the shape of ``image``.

    Raises:
        UserError: An unknown corruption, severity or profile.
    """
    profile = profile or profile_of(*image.shape[:2])
    if corruption not in FUNCTIONS:
        raise UserError(f'there is no corruption {corruption!r}: the 15 are {", ".join(FUNCTIONS)}')
    if severity not in range(1, 6):
        raise UserError(f'severity {severity} of {corruption} must be 1, 2, 3, 4 or 5')
    if profile not in SEVERITIES:
        raise UserError(f'there is no profile {profile!r} of severities: use {" or ".join(SEVERITIES)}')
    function = FUNCTIONS[corruption]
    if function is weather.frost:
        function = partial(function, photos=frost_photos)
    pixels = image.reshape(*image.shape[:2], -1).astype(np.float32) / 255
    changed = function(pixels, rng, *SEVERITIES[profile][corruption][severity - 1])
    return digital.to_bytes(changed).reshape(image.shape)
