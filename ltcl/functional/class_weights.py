"""Weights per class from the number of training images."""

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.value_ranges import RANGES

from .checks import check_shapes


@check_shapes()
def effective_number_weights(class_counts: Tensor, beta: float = 0.999, scaling: str = 'mean_weight') -> Tensor:
    r"""Inverse effective number of samples per class.

    From `Class-Balanced Loss Based on Effective Number of Samples <https://arxiv.org/abs/1901.05555>`_:
    :math:`w_c \propto 1 / E_c` with :math:`E_c = (1 - \beta^{n_c}) / (1 - \beta)`.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        beta: In 0..1 without 1; 0 weighs all classes alike, values near 1 weigh by the inverse count.
        scaling: ``'mean_weight'`` scales the weights to a mean of 1 over the classes with images, hence to a sum of
            ``num_classes`` where every class has some. ``'mean_number'`` scales them so that a class of the mean
            effective number weighs 1 (ResCo); the tail then raises the mean of the weights well above 1.

    Returns:
        float64 weights, shape (num_classes,); 0 for a class without images.

    Raises:
        ValueError: Another ``scaling``, or a ``beta`` that is none.

    Differs from the original: ResCo gives a class without images an infinite weight.

    Example:
        >>> import torch
        >>> effective_number_weights(torch.tensor([1, 2]), beta=0.5)  # effective numbers of 1 and 1.5
        tensor([1.2000, 0.8000], dtype=torch.float64)
    """
    if beta not in RANGES['effective_number_beta']:
        raise UserError(f'effective_number_weights: beta={beta!r} must be {RANGES["effective_number_beta"]}')
    effective = (1 - beta ** class_counts.double()) / (1 - beta)
    has_images = class_counts > 0
    weights = torch.where(has_images, 1 / effective, effective.new_zeros(()))
    if scaling == 'mean_weight':
        return weights / weights.sum() * has_images.sum()
    if scaling == 'mean_number':
        return weights * (effective.mean() if beta else 1)
    raise ValueError(f"scaling must be 'mean_weight' or 'mean_number', got {scaling!r}")
