"""Whether a classifier is right as often as it says."""

import numpy as np

NUM_BINS = 15


def bin_sums(confidence: np.ndarray, is_right: np.ndarray, num_bins: int = NUM_BINS) -> np.ndarray:
    """Answers, right answers and summed confidence in bins of equal width: those of parts add up to those of the whole.

    Bin b holds the confidences in (b / num_bins, (b + 1) / num_bins].

    Args:
        confidence: In [0, 1], shape (N,).
        is_right: Whether each answer is right, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        Float64, shape (3, num_bins).

    Example:
        >>> bin_sums(np.array([0.9, 0.8, 0.3]), np.array([True, False, True]), num_bins=2)
        array([[1. , 2. ],
               [1. , 1. ],
               [0.3, 1.7]])
    """
    return class_bin_sums(np.zeros(len(confidence), np.int64), confidence, is_right, 1, num_bins)[0]


def class_bin_sums(
    labels: np.ndarray, confidence: np.ndarray, is_right: np.ndarray, num_classes: int, num_bins: int = NUM_BINS
) -> np.ndarray:
    """:func:`bin_sums` of the answers for each true class, float64, shape (num_classes, 3, num_bins).

    Args:
        labels: True classes, shape (N,).
        confidence: In [0, 1], shape (N,).
        is_right: Whether each answer is right, shape (N,).
        num_classes: Number of classes.
        num_bins: Bins of [0, 1].

    Example:
        >>> confidence, is_right = np.array([0.9, 0.8, 0.3]), np.array([True, False, True])
        >>> class_bin_sums(np.array([0, 0, 1]), confidence, is_right, num_classes=2, num_bins=2)[1]
        array([[1. , 0. ],
               [1. , 0. ],
               [0.3, 0. ]])
    """
    bins = np.clip(np.ceil(confidence * num_bins).astype(int) - 1, 0, num_bins - 1)
    places, size = labels * num_bins + bins, num_classes * num_bins
    sums = [np.bincount(places, each, size).astype(float) for each in (None, is_right.astype(float), confidence)]
    return np.stack(sums).reshape(3, num_classes, num_bins).swapaxes(0, 1)


def reliability(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Confidence and accuracy of the answers in each bin.

    Args:
        sums: From :func:`bin_sums`, shape (3, num_bins).

    Returns:
        ``count``, ``confidence`` and ``accuracy``, shape (num_bins,); the means of an empty bin are NaN.

    Example:
        >>> found = reliability(bin_sums(np.array([0.9, 0.8]), np.array([True, False]), num_bins=2))
        >>> found['count'], found['accuracy']
        (array([0., 2.]), array([nan, 0.5]))
    """
    count, right, confidence = sums
    with np.errstate(invalid='ignore'):
        return dict(count=count, confidence=confidence / count, accuracy=right / count)


def binned_error(sums: np.ndarray) -> float:
    """ECE of answers of which only :func:`bin_sums` are known; see :func:`calibration_error`.

    Example:
        >>> binned_error(bin_sums(np.array([0.9, 0.9]), np.array([True, False])))
        0.4
    """
    count, right, confidence = sums
    return float(np.abs(confidence - right).sum() / count.sum()) if count.sum() else float('nan')


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, num_bins: int = NUM_BINS) -> float:
    """ECE: mean difference between confidence and accuracy over :func:`bin_sums`'s bins, weighted by their answers.

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
    return binned_error(bin_sums(confidence, is_right, num_bins))


def classwise_calibration_error(probabilities: np.ndarray, labels: np.ndarray, num_bins: int = NUM_BINS) -> float:
    """Classwise ECE: that of each class's probability as the confidence that an image is of it, averaged over classes.

    From `Beyond Temperature Scaling <https://arxiv.org/abs/1910.12656>`_.

    Args:
        probabilities: Shape (N, C).
        labels: True classes, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        A fraction; NaN without images.

    Example:
        >>> probabilities = np.array([[0.75, 0.25], [0.75, 0.25]])
        >>> classwise_calibration_error(probabilities, np.array([0, 1]))
        0.25
    """
    return classwise_error(own_bin_sums(probabilities, labels, num_bins))


def own_bin_sums(probabilities: np.ndarray, labels: np.ndarray, num_bins: int = NUM_BINS) -> np.ndarray:
    """:func:`bin_sums` of each class's probability as the confidence that an image is of it; those of parts add up.

    Args:
        probabilities: Shape (N, C).
        labels: True classes, shape (N,).
        num_bins: Bins of [0, 1].

    Returns:
        Float64, shape (C, 3, num_bins).

    Example:
        >>> own_bin_sums(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1]), num_bins=2)[0]
        array([[0. , 2. ],
               [0. , 1. ],
               [0. , 1.5]])
    """
    num_classes = probabilities.shape[1]
    every = np.arange(num_classes)
    is_own = (labels[:, None] == every).ravel()
    return class_bin_sums(np.tile(every, len(labels)), probabilities.ravel(), is_own, num_classes, num_bins)


def classwise_error(sums: np.ndarray) -> float:
    """Classwise ECE of which only :func:`own_bin_sums` are known, see :func:`classwise_calibration_error`.

    Example:
        >>> classwise_error(own_bin_sums(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1])))
        0.25
    """
    return float(np.mean([binned_error(each) for each in sums]))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log of the probability of the true class; NaN without images.

    Args:
        probabilities: Shape (N, C); one of 0 counts as the smallest number above.
        labels: True classes, shape (N,).

    Example:
        >>> round(log_loss(np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([0, 1])), 4)  # the mean of log 2 and log 4
        1.0397
    """
    return mean_log_loss(probabilities[np.arange(len(labels)), labels])


def mean_log_loss(own: np.ndarray) -> float:
    """:func:`log_loss` of the probabilities of the true classes, shape (N,).

    Example:
        >>> round(mean_log_loss(np.array([0.5, 0.25])), 4)
        1.0397
    """
    return float(-np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean()) if len(own) else float('nan')
