"""Per-class accuracy, its means over many-, medium- and few-shot classes, and its summaries.

All accuracies are fractions in [0, 1], float64. A class without a test image has no accuracy: it is NaN in a
per-class tensor and left out of every mean.
"""

import torch
from torch import Tensor

DEFAULT_BOUNDS = (20, 100)


def class_hits(preds: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Count right answers and images of each class. Both counts can be summed over batches.

    Args:
        preds: Predicted class of each image, integer, shape (N,). A value outside of 0 .. num_classes - 1 is wrong.
        labels: True class of each image, integer in 0 .. num_classes - 1, shape (N,).
        num_classes: Length of the results.

    Returns:
        Right answers and images per class, int64, each of shape (num_classes,).

    Example:
        >>> class_hits(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), num_classes=2)
        (tensor([1, 1]), tensor([1, 2]))
    """
    hits = torch.bincount(labels[preds == labels], minlength=num_classes)
    totals = torch.bincount(labels, minlength=num_classes)
    return hits, totals


def class_accuracy(hits: Tensor, totals: Tensor) -> Tensor:
    """Accuracy of each class from its counts; NaN for a class without images.

    Args:
        hits: Right answers per class, shape (num_classes,); the diagonal of a confusion matrix.
        totals: Images per class, shape (num_classes,); the row sums of a confusion matrix.

    Returns:
        Fractions, float64, shape (num_classes,).

    Example:
        >>> class_accuracy(*class_hits(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), num_classes=3))
        tensor([1.0000, 0.5000,    nan], dtype=torch.float64)
    """
    return hits.double() / totals.double()


def shot_groups(class_counts: Tensor, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> dict[str, Tensor]:
    """Split classes by their number of training images. Both bounds belong to medium.

    The bounds are those of `Large-Scale Long-Tailed Recognition in an Open World <https://arxiv.org/abs/1904.05160>`_.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        bounds: Smallest and largest count of a medium-shot class.

    Returns:
        One boolean mask of shape (num_classes,) for each of ``many``, ``medium`` and ``few``; they part the classes.

    Example:
        >>> groups = shot_groups(torch.tensor([500, 60, 20, 5]))
        >>> {name: mask.tolist() for name, mask in groups.items()}['medium']
        [False, True, True, False]
    """
    low, high = bounds
    many, few = class_counts > high, class_counts < low
    return {'many': many, 'medium': ~(many | few), 'few': few}


def thirds(class_counts: Tensor) -> tuple[int, int]:
    """Bounds by which a third of the classes is many-shot and a third few-shot; the rest, with all ties, is medium.

    For data whose counts the usual bounds do not part, such as images that show a class in segmentation.

    Args:
        class_counts: Training images per class, shape (num_classes,).

    Returns:
        Smallest and largest count of a medium-shot class.

    Example:
        >>> thirds(torch.tensor([900, 800, 300, 200, 100, 7]))
        (200, 300)
    """
    ordered = class_counts.sort().values
    third = len(ordered) // 3
    return int(ordered[third]), int(ordered[-third - 1])


def shot_accuracy(accuracy: Tensor, class_counts: Tensor, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> dict[str, float]:
    """Unweighted mean of class accuracies in each shot group.

    Differs from the original: published evaluation code reports 0 for an empty group; here it has no entry.

    Args:
        accuracy: Fraction per class, NaN for a class without test images, shape (num_classes,).
        class_counts: Training images per class, shape (num_classes,).
        bounds: Smallest and largest count of a medium-shot class.

    Returns:
        Fractions under ``many``, ``medium`` and ``few``, without the groups that have no class with test images.

    Example:
        >>> shot_accuracy(torch.tensor([0.75, 0.5, 0.25]), torch.tensor([500, 60, 50]))
        {'many': 0.75, 'medium': 0.375}
    """
    tested = ~accuracy.isnan()
    groups = {name: mask & tested for name, mask in shot_groups(class_counts, bounds).items()}
    return {name: accuracy[mask].mean().item() for name, mask in groups.items() if mask.any()}


def accuracy_summary(accuracy: Tensor) -> dict[str, float]:
    """Means and minimum of the class accuracies, every class with test images weighing the same.

    The harmonic and the geometric mean are 0 as soon as one class has accuracy 0 (their limit): no smoothing constant
    is added, because its size would decide the result.

    Args:
        accuracy: Fraction per class, NaN for a class without test images, shape (num_classes,); one at least is a
            number.

    Returns:
        Fractions under ``macro`` (arithmetic mean), ``worst_class``, ``harmonic_mean`` and ``geometric_mean``.

    Example:
        >>> accuracy_summary(torch.tensor([1.0, 0.25, 0.25]))['worst_class']
        0.25
        >>> accuracy_summary(torch.tensor([0.5, 0.0]))['harmonic_mean']
        0.0
    """
    tested = accuracy[~accuracy.isnan()]
    return {
        'macro': tested.mean().item(),
        'worst_class': tested.min().item(),
        'harmonic_mean': (1 / (1 / tested).mean()).item(),
        'geometric_mean': tested.log().mean().exp().item(),
    }
