"""Loss of BalPoE: experts trained for different class frequencies."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from ltcl.errors import UserError

from .checks import check_shapes
from .logit_adjustment import log_prior
from .precision import full_precision


@full_precision
@check_shapes(logits='N E C', class_counts='C')
def balpoe_loss(logits: Tensor, labels: Tensor, class_counts: Tensor, *, taus: Sequence[float]) -> Tensor:
    """Mean over experts of the cross entropy of ``logits + tau * log(prior)``, each with its own ``tau``.

    From `Balanced Product of Calibrated Experts for Long-Tailed Recognition <https://arxiv.org/abs/2206.05260>`_.

    Args:
        logits: Raw outputs of E experts, shape (N, E, num_classes).
        labels: Class ids, int64, shape (N,); or the share of each class where images are mixed, shape (N, num_classes).
        class_counts: Training images per class, shape (num_classes,).
        taus: Strength of the adjustment of each expert.

    Returns:
        Scalar.

    Raises:
        UserError: Another number of ``taus`` than of experts, or labels of neither shape.

    Example:
        >>> import torch
        >>> logits, labels = torch.zeros(1, 2, 2), torch.tensor([1])
        >>> balpoe_loss(logits, labels, torch.tensor([3, 1]), taus=(0, 1))  # (log(2) + log(4)) / 2
        tensor(1.0397)
    """
    num_images, num_experts, num_classes = logits.shape
    if len(taus) != num_experts:
        raise UserError(f'balpoe_loss: taus has {len(taus)} numbers, but logits are of {num_experts} experts')
    if labels.shape not in ((num_images,), (num_images, num_classes)):
        raise UserError(
            f'balpoe_loss: labels must have shape ({num_images},) or ({num_images}, {num_classes}), '
            f'got {tuple(labels.shape)}'
        )
    adjustment = logits.new_tensor(taus)[:, None] * log_prior(class_counts).to(logits.dtype)
    targets = labels.to(logits.dtype) if labels.ndim == 2 else labels
    return F.cross_entropy((logits + adjustment).flatten(0, 1), targets.repeat_interleave(num_experts, 0))
