"""How long and on which size of images a segmentation is trained, from the size of its data."""

from collections.abc import Sequence

import numpy as np

EPOCHS = 128
LEAST_ITERS, MOST_ITERS = 1000, 40000
SMALLEST_SIDE = 64
STRIDE = 32


def num_iters(num_images: int, batch_size: int, epochs: int | None = None) -> int:
    """Iterations of a training.

    128 epochs, those of the published recipes for sets of 5,000 images (40,000 iterations of 16 images for 4,998 of
    Pascal Context) and of 20,000 (160,000 for 20,210 of ADE20K), but at least 1,000 and at most 40,000 iterations: less
    does not warm a decoder, more is not worth the wait.

    Args:
        num_images: Training images.
        batch_size: Images of an iteration.
        epochs: Times that each image is seen; None is the rule above.

    Example:
        >>> num_iters(40, 8), num_iters(800, 8), num_iters(100_000, 8), num_iters(800, 8, epochs=3)
        (1000, 12800, 40000, 300)
    """
    iters = -(-num_images * (epochs or EPOCHS) // batch_size)
    return iters if epochs else int(np.clip(iters, LEAST_ITERS, MOST_ITERS))


def side_of_images(sizes: Sequence[tuple[int, int]], largest: int = 512) -> int:
    """Side of the squares that are trained on: the median of the shorter sides, a multiple of 32 from 64 on.

    Args:
        sizes: Height and width of each image.
        largest: Largest side.

    Example:
        >>> side_of_images([(100, 120), (110, 300), (4000, 3000)])
        96
    """
    shorter = int(np.median([min(size) for size in sizes]))
    return int(np.clip(shorter // STRIDE * STRIDE, SMALLEST_SIDE, largest))
