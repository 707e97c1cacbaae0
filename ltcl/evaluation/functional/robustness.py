"""Summaries of accuracy under corruption, each under the name of `Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations <https://arxiv.org/abs/1903.12261>`_ (Hendrycks and Dietterich, 2019).

Papers write the names for different things. In the README of PaCo and GPaCo, and in their papers' tables,

* "mCE" is 100 times :func:`mean_error`, which is not normalised;
* "rel. mCE" is 100 times :func:`mean_corruption_error`, which Hendrycks and Dietterich call mCE; it is *not* their
  relative mCE (:func:`relative_mean_corruption_error`), which subtracts the errors on clean images.

ResCom's README has the same two as "mCE" and "NmCE".
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# Mean top-1 error over the five severities, of torchvision's AlexNet, from the authors' README
# (https://github.com/hendrycks/robustness).
ALEXNET_ERROR = {
    'gaussian_noise': 0.886428,
    'shot_noise': 0.894468,
    'impulse_noise': 0.922640,
    'defocus_blur': 0.819880,
    'glass_blur': 0.826268,
    'motion_blur': 0.785948,
    'zoom_blur': 0.798360,
    'snow': 0.866816,
    'frost': 0.826572,
    'fog': 0.819324,
    'brightness': 0.564592,
    'contrast': 0.853204,
    'elastic_transform': 0.646056,
    'pixelate': 0.717840,
    'jpeg_compression': 0.606500,
}
CORRUPTIONS = tuple(ALEXNET_ERROR)
NUM_SEVERITIES = 5
# torchvision states a top-1 accuracy of 56.522 % for its AlexNet, whose errors are those above
# (https://github.com/hendrycks/robustness/issues/38); table 1 of the paper has the error as 43.5 %.
ALEXNET_CLEAN_ERROR = 0.43478


def corruption_error(accuracy: Tensor) -> Tensor:
    """Error under each corruption, ``1 - mean accuracy over the severities``.

    Args:
        accuracy: Top-1 accuracy as a fraction, shape (corruptions, severities).

    Returns:
        Fractions, shape (corruptions,).

    Example:
        >>> corruption_error(torch.tensor([[0.75, 0.25], [0.5, 0.5]]))
        tensor([0.5000, 0.5000])
    """
    return 1 - accuracy.mean(dim=1)


def mean_error(accuracy: Tensor) -> Tensor:
    """Mean error over corruptions and severities, not normalised: "mCE" in the README of PaCo, GPaCo and ResCom.

    Args:
        accuracy: As in :func:`corruption_error`.

    Returns:
        A fraction.

    Example:
        >>> mean_error(torch.tensor([[0.75, 0.25], [0.25, 0.25]]))
        tensor(0.6250)
    """
    return corruption_error(accuracy).mean()


def mean_error_increase(accuracy: Tensor, clean_error: float) -> Tensor:
    """How much the mean error exceeds that on clean images; defined for every data set.

    Args:
        accuracy: As in :func:`corruption_error`.
        clean_error: Top-1 error on clean images, a fraction.

    Returns:
        A difference of fractions.

    Example:
        >>> mean_error_increase(torch.tensor([[0.75, 0.25]]), clean_error=0.25)
        tensor(0.2500)
    """
    return mean_error(accuracy) - clean_error


def mean_corruption_error(accuracy: Tensor, reference_error: Sequence[float] | Tensor | None = None) -> Tensor:
    """mCE: each corruption's error divided by AlexNet's, averaged. "rel. mCE" in PaCo's and GPaCo's README, NmCE in
    ResCom's.

    Args:
        accuracy: As in :func:`corruption_error`.
        reference_error: AlexNet's error under each corruption, in the same order. None: the published ones, in the
            order of ``CORRUPTIONS``.

    Returns:
        A ratio; papers write 100 times this.

    Example:
        >>> mean_corruption_error(torch.tensor([[0.75], [0.5]]), reference_error=[0.5, 0.5])  # (0.5 + 1) / 2
        tensor(0.7500)
    """
    return (corruption_error(accuracy) / _reference(accuracy, reference_error)).mean()


def relative_mean_corruption_error(
    accuracy: Tensor,
    clean_error: float,
    reference_error: Sequence[float] | Tensor | None = None,
    reference_clean_error: float = ALEXNET_CLEAN_ERROR,
) -> Tensor:
    """Relative mCE: what each corruption adds to the clean error, divided by what it adds to AlexNet's, averaged.

    PaCo's and GPaCo's README has no such figure: its "rel. mCE" is :func:`mean_corruption_error`.

    Args:
        accuracy: As in :func:`corruption_error`.
        clean_error: The model's top-1 error on clean images, a fraction.
        reference_error: As in :func:`mean_corruption_error`.
        reference_clean_error: AlexNet's top-1 error on clean images.

    Returns:
        A ratio; papers write 100 times this.

    Example:
        >>> accuracy = torch.tensor([[0.5]])
        >>> relative_mean_corruption_error(accuracy, 0.25, reference_error=[0.75], reference_clean_error=0.5)
        tensor(1.)
    """
    added = corruption_error(accuracy) - clean_error
    return (added / (_reference(accuracy, reference_error) - reference_clean_error)).mean()


def _reference(accuracy: Tensor, reference_error: Sequence[float] | Tensor | None) -> Tensor:
    values = list(ALEXNET_ERROR.values()) if reference_error is None else reference_error
    reference = torch.as_tensor(values, dtype=accuracy.dtype, device=accuracy.device)
    assert len(reference) == len(accuracy), f'{len(accuracy)} corruptions, but {len(reference)} errors to divide by'
    return reference
