"""Noise. Every function takes a float32 image in [0, 1], shape (H, W, C), and a generator; the caller clips."""

import numpy as np


def gaussian_noise(image: np.ndarray, rng: np.random.Generator, std: float) -> np.ndarray:
    """Add normal noise with standard deviation ``std``."""
    return image + std * rng.standard_normal(image.shape, dtype=np.float32)


def shot_noise(image: np.ndarray, rng: np.random.Generator, photons: float) -> np.ndarray:
    """Draw each value from a Poisson distribution; ``photons`` arrive on average where the image is white."""
    return rng.poisson(image * photons).astype(np.float32) / photons


def impulse_noise(image: np.ndarray, rng: np.random.Generator, amount: float) -> np.ndarray:
    """Replace a share ``amount`` of the values by 0 or 1, both as likely."""
    is_replaced = rng.random(image.shape) < amount
    return np.where(is_replaced, rng.integers(0, 2, image.shape), image).astype(np.float32)
