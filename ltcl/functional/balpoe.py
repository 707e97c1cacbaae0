"""Loss of BalPoE: experts trained for different class frequencies."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ltcl.errors import UserError

from .checks import check_shapes
from .logit_adjustment import log_prior
from .precision import full_precision


@full_precision
@check_shapes(logits='N E C', shares='N C')
def balpoe_loss(
    logits: Tensor,
    labels: Tensor,
    class_counts: Tensor,
    *,
    taus: Sequence[float],
    shares: Tensor | None = None,
) -> Tensor:
    """Mean over experts of the cross entropy of ``logits + tau * log(prior)``, each with its own ``tau``.

    From `Balanced Product of Calibrated Experts for Long-Tailed Recognition <https://arxiv.org/abs/2206.05260>`_.

    Args:
        logits: Raw outputs of E experts, shape (N, E, num_classes).
        labels: Class ids, int64, shape (N,).
        class_counts: Training images per class, shape (num_classes,).
        taus: Strength of the adjustment of each expert.
        shares: Shares of the classes in images that are mixed, shape (N, num_classes); they take the labels' place.

    Returns:
        Scalar.

    Raises:
        UserError: Another number of ``taus`` than of experts.

    Example:
        >>> import torch
        >>> logits, labels = torch.zeros(1, 2, 2), torch.tensor([1])
        >>> balpoe_loss(logits, labels, torch.tensor([3, 1]), taus=(0, 1))  # (log(2) + log(4)) / 2
        tensor(1.0397)
    """
    num_experts = logits.shape[1]
    if len(taus) != num_experts:
        wanted = f'(N, E, C) with E = {len(taus)} of taus'
        raise UserError(f'balpoe_loss: logits must have shape {wanted}, got {tuple(logits.shape)}')
    prior = log_prior(class_counts).to(logits.dtype)
    adjustment = torch.stack([tau * prior for tau in taus])  # a tensor of them would have to be sent to the device
    of_images = labels if shares is None else shares
    return F.cross_entropy((logits + adjustment).flatten(0, 1), of_images.repeat_interleave(num_experts, 0))
