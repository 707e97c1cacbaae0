"""Batch, epochs, warm-up and momentum of the key encoder, from the number of training images."""

from typing import NamedTuple

from .queues import power_of_two

# An epoch has at least so many steps, where the batch does not get smaller than BATCHES[0] by it.
STEPS_OF_EPOCH = 32
BATCHES = (16, 64)
BATCHES_OF_FEATURES = (16, 128)
WARMUP_SHARE = 0.05
# The key encoder averages over so much of a run.
MEMORY_SHARE = 0.1


class Length(NamedTuple):
    """How long a training is.

    Args:
        steps: Steps that it should have.
        fewest: Fewest epochs.
        most: Most epochs.
    """

    steps: int
    fewest: int
    most: int


# What is trained, and how long.
LENGTHS = {
    'scratch': Length(6000, 30, 200),
    'pretrained': Length(1500, 10, 50),
    'frozen': Length(1500, 20, 200),
}


def batch_size(num_images: int, is_frozen: bool = False) -> int:
    """Images of a step: a power of two that leaves an epoch :data:`STEPS_OF_EPOCH` steps.

    Args:
        num_images: Training images.
        is_frozen: The encoder is frozen and its features are at hand, so that a step costs nothing.

    Returns:
        Within :data:`BATCHES`; less where there are fewer images.
    """
    fewest, most = BATCHES_OF_FEATURES if is_frozen else BATCHES
    return min(power_of_two(num_images), max(fewest, min(most, power_of_two(num_images / STEPS_OF_EPOCH))))


def rate_in_proportion(rate: float, images: int, meant_for: int) -> float:
    """The learning rate of another number of images a step, in six digits.

    Args:
        rate: Of the number that it is meant for.
        images: Images of a step of all processes.
        meant_for: Images of a step that the rate is meant for.
    """
    return float(f'{rate * images / meant_for:.6g}')


def num_epochs(num_images: int, batch: int, start: str) -> int:
    """Epochs that make the steps of :data:`LENGTHS`, within its bounds.

    What has to be learnt sets the steps, whatever the set's size. Few images are not shown beyond the upper bound,
    which would only fit them; many are all shown, as often as the lower bound says.

    Args:
        num_images: Training images.
        batch: Images of a step of all processes.
        start: ``'scratch'``, ``'pretrained'`` or ``'frozen'``.
    """
    length = LENGTHS[start]
    return max(length.fewest, min(length.most, round(length.steps / steps_of_epoch(num_images, batch))))


def steps_of_epoch(num_images: int, batch: int) -> int:
    """Steps of an epoch that leaves out the last images, too few for a step; at least 1."""
    return max(1, num_images // batch)


def warmup_epochs(epochs: int) -> int:
    """Epochs of warm-up: :data:`WARMUP_SHARE` of the run, at least 1, and none in a run of one epoch."""
    return min(epochs - 1, max(1, round(epochs * WARMUP_SHARE)))


def key_momentum(steps: int) -> float:
    """Momentum of the key encoder: an average over the last :data:`MEMORY_SHARE` of the run, 0.999 at most.

    With momentum m the average reaches back over ``1 / (1 - m)`` steps; the published 0.999 over 1,000. In a run of 900
    steps the keys would stay those of the random start.

    Args:
        steps: Steps of the run.

    Returns:
        0.9 to 0.999.

    Example:
        >>> key_momentum(900), key_momentum(100_000)
        (0.989, 0.999)
    """
    return round(min(0.999, max(0.9, 1 - 1 / (steps * MEMORY_SHARE))), 3)
