"""Lovász-softmax: intersection over union as a loss of pixels."""

import torch
from torch import Tensor

from .checks import check_shapes
from .precision import full_precision

# Elements that are sorted at a time.
TILE = 2**23


@full_precision
@check_shapes(logits='B C H W', labels='B H W')
def lovasz_softmax_loss(logits: Tensor, labels: Tensor, ignore_index: int | None = 255) -> Tensor:
    """Convex surrogate of the mean intersection over union of the classes that are present.

    From `The Lovász-Softmax loss <https://arxiv.org/abs/1705.08790>`_. The whole batch is one set of pixels.

    Args:
        logits: Class scores, shape (B, num_classes, H, W).
        labels: Label maps, int64, shape (B, H, W); what is no class is void.
        ignore_index: Label of void pixels, even if it is the index of a class.

    Returns:
        Scalar mean over the classes that are present; 0 if none is.

    Example:
        >>> import torch
        >>> logits, labels = torch.zeros(1, 2, 1, 2), torch.tensor([[[0, 1]]])
        >>> lovasz_softmax_loss(logits, labels)  # every error is 1/2
        tensor(0.5000)
    """
    num_classes = logits.shape[1]
    labels = labels.flatten()
    is_valid = (labels >= 0) & (labels < num_classes)
    if ignore_index is not None:
        is_valid &= labels != ignore_index
    probs = logits.softmax(1).transpose(0, 1).flatten(1)
    present = labels[is_valid].unique()
    per_class = [
        (_jaccard_errors(probs[some], labels == some[:, None], is_valid)).sum(1)
        for some in present.split(max(1, TILE // max(1, labels.numel())))
    ]
    return torch.cat([*per_class, probs[:0].sum(1)]).sum() / max(1, len(present))


def _jaccard_errors(probs: Tensor, is_class: Tensor, is_valid: Tensor) -> Tensor:
    """Errors of each pixel, weighted by what it adds to the Jaccard loss, for some classes, shape (classes, pixels)."""
    errors = torch.where(is_class, 1 - probs, probs)
    with torch.no_grad():
        # Void pixels come last, where they change no other pixel's weight.
        order = errors.masked_fill(~is_valid, -1).argsort(1, descending=True)
        is_class_sorted = is_class.gather(1, order).to(probs.dtype)
        sizes = is_class_sorted.sum(1, keepdim=True)
        hits = is_class_sorted.cumsum(1)
        ranks = torch.arange(1, order.shape[1] + 1, device=order.device, dtype=probs.dtype)
        jaccard = 1 - (sizes - hits) / (sizes + ranks - hits)
        gains = torch.diff(jaccard, prepend=jaccard.new_zeros(len(jaccard), 1))
        weights = torch.zeros_like(gains).scatter_(1, order, gains) * is_valid
    return errors * weights
