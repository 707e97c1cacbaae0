"""Similarities to a class-wise queue, and the hardest among them."""

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from ltcl.errors import UserError

from .checks import check_shapes
from .precision import full_precision


class HardPairs(NamedTuple):
    """What :func:`mine_hard` picks from a class-wise queue for each of N anchors."""

    positives: Tensor
    """Smallest similarities to the own class, ascending, shape (N, kp); -inf where the class has fewer rows."""
    negatives: Tensor
    """Largest similarities to the other classes, descending, shape (N, kn); -inf where there are fewer rows."""
    positive_slots: Tensor
    """Slot of each positive in its class, int64, shape (N, kp)."""
    negative_columns: Tensor
    """Place of each negative in the queue, ``class * S + slot``, int64, shape (N, kn)."""


def queue_pairs(
    anchors: Tensor,
    labels: Tensor,
    queue: Tensor,
    negative_queue: Tensor,
    valid: Tensor | None = None,
    negative_valid: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Compare each anchor with the queue of its class and with a queue of all other classes.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        queue: Rows that the own class is taken from, without gradient, shape (num_classes, P, D).
        negative_queue: Rows that the other classes are taken from, without gradient, shape (num_classes, Q, D).
        valid: Slots of ``queue`` that take part, bool, shape (num_classes, P). None means all.
        negative_valid: Slots of ``negative_queue`` that take part, bool, shape (num_classes, Q). None means all.

    Returns:
        Similarities to the own class (N, P), and to the slots of all classes (N, Q, num_classes). What does not take
        part is -inf, the own class in the second among it.
    """
    num_classes, num_slots = negative_queue.shape[:2]
    columns = negative_queue.to(anchors.dtype).transpose(0, 1).flatten(0, 1)
    others = (anchors @ columns.T).view(len(anchors), num_slots, num_classes)
    places = torch.arange(len(anchors), device=labels.device)
    if negative_queue is queue:
        own = others[places, :, labels]
    else:
        own = torch.einsum('nd,npd->np', anchors, queue.to(anchors.dtype)[labels])
    # Outside the graph on purpose: the loss gives a gradient of 0 to -inf.
    with torch.no_grad():
        others[places, :, labels] = -math.inf
        if negative_valid is not None:
            others.masked_fill_(~negative_valid.T, -math.inf)
        if valid is not None:
            own.masked_fill_(~valid[labels], -math.inf)
    return own, others


def slot_major(queue: Tensor) -> Tensor:
    """A queue (num_classes, S, D) that lies slot by slot in memory, so that its columns are compared without a copy."""
    return queue.transpose(0, 1).contiguous().transpose(0, 1)


class PickedSimilarities(torch.autograd.Function):
    """Similarities that were picked outside the graph, with the gradient of just these products.

    Few of the thousands of rows are picked. The gradient of the whole matrix, nearly all zeros, would take a second
    matrix product of its size.
    """

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, similarities: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Pass on the similarities (N, K) of the anchors (N, D) to the rows (M, D) at the columns (N, K)."""
        ctx.save_for_backward(rows, columns)
        return similarities.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient for the anchors: the picked rows, weighted by the gradient (N, K)."""
        rows, columns = ctx.saved_tensors
        if not columns.shape[1]:
            return rows.new_zeros(len(grad), rows.shape[1]), None, None, None
        return F.embedding_bag(columns, rows, per_sample_weights=grad, mode='sum'), None, None, None


@full_precision
@check_shapes()
def mine_hard(
    anchors: Tensor,
    labels: Tensor,
    queue: Tensor,
    *,
    num_positives: int,
    num_negatives: int,
    valid: Tensor | None = None,
) -> HardPairs:
    """Pick the rows of a class-wise queue that an anchor finds hardest.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. Gradients reach the anchors
    through the picked similarities, first derivatives only.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        queue: Rows of each class, without gradient, shape (num_classes, S, D).
        num_positives: kp, at most S.
        num_negatives: kn, at most S * (num_classes - 1).
        valid: Slots of the queue that take part, bool, shape (num_classes, S). None means all.

    Returns:
        The picked similarities and their places.

    Raises:
        UserError: More pairs than the queue holds.

    Differs from the original: the own class is masked, where tables of int64 indices take gigabytes for thousands of
    classes. Slots that do not take part are picked last, with -inf.

    Example:
        >>> import torch
        >>> queue = torch.tensor([[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.8, 0.6]]])
        >>> hard = mine_hard(queue[0, :1], torch.tensor([0]), queue, num_positives=1, num_negatives=1)
        >>> hard.positives, hard.negatives, hard.negative_columns
        (tensor([[0.6000]]), tensor([[0.8000]]), tensor([[3]]))
    """
    num_classes, num_slots = queue.shape[:2]
    if num_positives > num_slots or num_negatives > num_slots * (num_classes - 1):
        raise UserError(
            f'mine_hard: {num_positives} positives and {num_negatives} negatives are more than a queue of {num_slots} '
            f'slots for each of {num_classes} classes holds'
        )
    queue = slot_major(queue.to(anchors.dtype))
    with torch.no_grad():
        own, others = queue_pairs(anchors, labels, queue, queue, valid, valid)
        positives, slots = own.masked_fill(own == -math.inf, math.inf).topk(num_positives, largest=False)
        positives = positives.masked_fill(positives == math.inf, -math.inf)
        negatives, negative_rows = _largest(others, num_negatives)
    rows = queue.transpose(0, 1).flatten(0, 1)
    return HardPairs(
        PickedSimilarities.apply(anchors, positives, rows, slots * num_classes + labels[:, None]),
        PickedSimilarities.apply(anchors, negatives, rows, negative_rows),
        slots,
        negative_rows % num_classes * num_slots + negative_rows.div(num_classes, rounding_mode='floor'),
    )


def _largest(similarities: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest of the similarities (N, S, num_classes), descending, and their places ``slot * num_classes + class``.

    They all belong to the ``count`` classes whose best slots are largest: the others need not be sorted through.
    """
    num_slots, num_classes = similarities.shape[1:]
    if not count:
        return similarities.flatten(1)[:, :0], similarities.new_zeros(len(similarities), 0, dtype=torch.int64)
    classes = similarities.amax(1).topk(min(count, num_classes), sorted=False).indices
    first_of_slots = num_classes * torch.arange(num_slots, device=classes.device)
    candidates = (classes[:, None] + first_of_slots[:, None]).flatten(1)
    values, picked = similarities.flatten(1).gather(1, candidates).topk(count)
    return values, candidates.gather(1, picked)
