"""The rate of a linear classifier on features that stay as they are, from their length."""

# Images that tell the length of the features.
MOST_IMAGES = 1024


def linear_rate(mean_square: float, momentum: float = 0.9) -> float:
    """The largest rate at which steps of gradient descent with momentum are stable for all features of this length.

    The Hessian of the softmax cross entropy of a linear classifier is the mean of ``(diag(p) - p p^T) x f f^T``. The
    first factor has no eigenvalue above 1/2, the second none above ``|f|^2``, so no curvature is above half the mean
    squared length. Gradient descent with momentum m is stable up to the rate ``2 (1 + m) / curvature``.

    The published rates of 10 for 2,048 images are for features of encoders that were trained for hundreds of epochs.
    Those of a pretrained encoder, or of one that was trained for a few epochs, are many times as long, and the steps of
    that rate throw the classifier about.

    Args:
        mean_square: Mean squared length of the features.
        momentum: Of the optimizer.

    Returns:
        Two digits of it, so that the last bits of the features change nothing.

    Example:
        >>> linear_rate(280.0), linear_rate(0.0)
        (0.027, 7.6)
    """
    curvature = max(mean_square, 1.0) / 2  # of the bias, whose feature is 1, where there is nothing else
    return float(f'{2 * (1 + momentum) / curvature:.2g}')
