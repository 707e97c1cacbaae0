"""Weights per class from the number of training images."""

import torch
from torch import Tensor


def effective_number_weights(class_counts: Tensor, beta: float = 0.999) -> Tensor:
    r"""Inverse effective number of samples per class, scaled to a mean of 1 over the classes with images.

    From `Class-Balanced Loss Based on Effective Number of Samples <https://arxiv.org/abs/1901.05555>`_:
    :math:`w_c \propto (1 - \beta) / (1 - \beta^{n_c})`.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        beta: In 0..1 without 1; 0 weighs all classes alike, values near 1 weigh by the inverse count.

    Returns:
        float32 weights, shape (num_classes,); 0 for a class without images.
    """
    effective = (1 - beta ** class_counts.double()) / (1 - beta)
    weights = torch.where(class_counts > 0, 1 / effective, effective.new_zeros(()))
    return (weights / weights.sum() * (class_counts > 0).sum()).float()
