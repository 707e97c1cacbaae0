"""How long queues are, and how many of their rows are compared, from the training images per class."""

from collections.abc import Sequence

import numpy as np

# The queue of PaCo: at most a quarter of an epoch, at most what is published for ImageNet-LT, Places-LT, iNaturalist.
PACO_EPOCHS = 0.25
PACO_MOST = 8192
# The queue of KCL: 65,536 rows of 115,846 images, as published on ImageNet-LT, are 0.57 of an epoch.
KCL_EPOCHS = 0.6
KCL_MOST = 65536
KCL_POSITIVES = 6
# Class-wise queues: 10 rows for up to 100 classes, 4 for more, as published on CIFAR and on the large sets.
CLASS_ROWS = 10
CLASS_ROWS_OF_MANY = 4
MANY_CLASSES = 100


def power_of_two(number: float) -> int:
    """The largest power of two that is not above a number; 1 for numbers below."""
    return 1 << max(0, int(number).bit_length() - 1)


def paco_queue_len(counts: Sequence[int], step: int) -> int:
    """Queue of PaCo, GPaCo and multi-task training.

    It is as long as an image of the smallest class needs to meet one row of its class, ``images / smallest class``. It
    is no longer than :data:`PACO_EPOCHS` of an epoch: a row is as old as the queue is long, and a queue of an epoch
    holds every image again, as it was for an encoder of long ago. And no longer than :data:`PACO_MOST`. So 8,192 comes
    out for ImageNet-LT, Places-LT and iNaturalist as published, and 256 for 1,495 images of 18 classes.

    Args:
        counts: Training images per class.
        step: Images of a step of all processes, which the queue takes up at once.

    Returns:
        A power of two, or 0 for no queue where a step has more images than that.
    """
    images, smallest = _images_and_smallest(counts)
    queue_len = power_of_two(min(images / smallest, images * PACO_EPOCHS, PACO_MOST))
    return queue_len if queue_len >= step else 0


def kcl_queue_len(counts: Sequence[int], step: int) -> int:
    """Queue of KCL and TSC, whose positives come from nowhere else: :data:`KCL_EPOCHS` of an epoch.

    Args:
        counts: Training images per class.
        step: As in :func:`paco_queue_len`.

    Returns:
        A power of two, or ``step`` where that is more.
    """
    return max(step, power_of_two(min(sum(counts) * KCL_EPOCHS, KCL_MOST)))


def num_positives(counts: Sequence[int], rows: int) -> int:
    """Positives K that KCL and TSC draw for an anchor: what three of four classes are expected to have among the rows.

    K alike for all classes is what balances the loss, so a K that most classes do not have would favour the largest.

    Args:
        counts: Training images per class.
        rows: Rows among which they are drawn.

    Returns:
        1 to 6, which is published.
    """
    quartile = np.quantile([count for count in counts if count], 0.25)
    return int(np.clip(rows * quartile / sum(counts), 1, KCL_POSITIVES))


def class_queue_len(counts: Sequence[int]) -> int:
    """Rows of each class in the queue of ResCom: at most those of two epochs of the smallest class.

    A class writes as many rows in an epoch as it has images. The published numbers keep to it: 4 rows on iNaturalist,
    whose smallest class has 2 images; 10 on CIFAR-100-LT, where it has 5.

    Args:
        counts: Training images per class.
    """
    most = CLASS_ROWS if len(counts) <= MANY_CLASSES else CLASS_ROWS_OF_MANY
    return min(most, 2 * _images_and_smallest(counts)[1])


def num_hard_negatives(num_classes: int, class_rows: int) -> int:
    """The hardest rows of other classes that ResCom compares: 4 of 10 of a class, 1 of 4, as published.

    Args:
        num_classes: Number of classes.
        class_rows: Rows of each class in the queue.
    """
    return max(1, 2 * class_rows // 5) * (num_classes - 1)


def _images_and_smallest(counts: Sequence[int]) -> tuple[int, int]:
    """All images, and those of the smallest class that has any."""
    return sum(counts), min(count for count in counts if count)
