"""A generated picture with the spectrum of a photograph."""

import numpy as np


def draw_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise whose amplitude falls with the spatial frequency: brightness and two weaker colours; RGB array, uint8."""
    generator = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(generator.standard_normal((3, height, width))) / frequency
    planes = np.fft.irfft2(spectrum, (height, width))
    planes /= planes.std(axis=(1, 2), keepdims=True)
    mixture = np.array([[50, 10, 0], [50, 0, 10], [50, -10, 0]])
    return (120 + np.einsum('rp,phw->hwr', mixture, planes)).clip(0, 255).astype(np.uint8)
