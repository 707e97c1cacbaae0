"""Whether a classifier is right as often as it says."""

import numpy as np

NUM_BINS = 15


def reliability(confidence: np.ndarray, is_right: np.ndarray, num_bins: int = NUM_BINS) -> dict[str, np.ndarray]:
    """Confidence and accuracy of the answers in bins of equal width; bin b holds (b / num_bins, (b + 1) / num_bins].

    Args:
        confidence: In [0, 1], shape (N,).
        is_right: Whether each answer is right, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        ``count``, ``confidence`` and ``accuracy``, shape (num_bins,); the means of an empty bin are NaN.
    """
    bins = np.clip(np.ceil(confidence * num_bins).astype(int) - 1, 0, num_bins - 1)
    count, *sums = (
        np.bincount(bins, weights, minlength=num_bins) for weights in (None, confidence, is_right.astype(float))
    )
    with np.errstate(invalid='ignore'):
        confidence, accuracy = (total / count for total in sums)
    return dict(count=count, confidence=confidence, accuracy=accuracy)


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, num_bins: int = NUM_BINS) -> float:
    """ECE: mean difference between confidence and accuracy over :func:`reliability`'s bins, weighted by their answers.

    From `On Calibration of Modern Neural Networks <https://arxiv.org/abs/1706.04599>`_.

    Args:
        confidence: In [0, 1], shape (N,).
        is_right: Whether each answer is right, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        A fraction; NaN without answers.

    Example:
        >>> calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
        0.4
    """
    bins = reliability(confidence, is_right, num_bins)
    if not len(confidence):
        return float('nan')
    gaps = np.nan_to_num(np.abs(bins['confidence'] - bins['accuracy']))
    return float((bins['count'] * gaps).sum() / len(confidence))


def classwise_calibration_error(probabilities: np.ndarray, labels: np.ndarray, num_bins: int = NUM_BINS) -> float:
    """Classwise ECE: that of each class's probability as the confidence that an image is of it, averaged over classes.

    From `Beyond Temperature Scaling <https://arxiv.org/abs/1910.12656>`_.

    Args:
        probabilities: Shape (N, C).
        labels: True classes, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        A fraction; NaN without images.
    """
    columns = enumerate(probabilities.T)
    return float(np.mean([calibration_error(column, labels == label, num_bins) for label, column in columns]))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log of the probability of the true class; NaN without images.

    Args:
        probabilities: Shape (N, C); one of 0 counts as the smallest number above.
        labels: True classes, shape (N,).
    """
    if not len(labels):
        return float('nan')
    picked = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(picked, np.finfo(np.float64).tiny)).mean())
