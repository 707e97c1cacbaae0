"""Rebalanced contrastive loss of ResCo and ResCom, and the pairs it compares."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

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


@full_precision
def in_batch_pairs(
    anchors: Tensor, rows: Tensor, labels: Tensor, *, exclude_self: bool = False
) -> tuple[Tensor, Tensor]:
    """Compare the anchors of a batch with rows of the same batch.

    Args:
        anchors: Unit rows, shape (N, D).
        rows: Unit rows whose classes are the anchors', shape (N, D).
        labels: Class of each anchor, and of the row in the same place, int64, shape (N,).
        exclude_self: The rows are the anchors: leave each one's own entry out.

    Returns:
        Similarities (N, N), -inf for an entry left out, and the mask of positives (N, N).
    """
    similarities = anchors @ rows.T
    positive_mask = labels[:, None] == labels[None, :]
    if exclude_self:
        # Outside the graph on purpose: the loss gives a gradient of 0 to -inf.
        with torch.no_grad():
            similarities.fill_diagonal_(-math.inf)
        positive_mask.fill_diagonal_(False)
    return similarities, positive_mask


@full_precision
def queue_pairs(
    anchors: Tensor,
    labels: Tensor,
    own_rows: Tensor,
    other_rows: Tensor,
    *,
    valid_own: Tensor | None = None,
    valid_other: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Compare each anchor with the queue of its class and with a queue of all other classes.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        own_rows: Queue that the own class is taken from, without gradient, shape (num_classes, P, D).
        other_rows: Queue that the other classes are taken from, without gradient, shape (num_classes, Q, D).
        valid_own: Slots of ``own_rows`` that take part, bool, shape (num_classes, P). None means all.
        valid_other: Slots of ``other_rows`` that take part, bool, shape (num_classes, Q). None means all.

    Returns:
        Similarities to the own class (N, P), and to the slots of all classes (N, Q, num_classes). What does not take
        part is -inf, the own class in the second among it.
    """
    own = torch.einsum('nd,npd->np', anchors, own_rows.to(anchors.dtype)[labels])
    num_classes, num_slots = other_rows.shape[:2]
    columns = other_rows.to(anchors.dtype).transpose(0, 1).flatten(0, 1)
    others = (anchors @ columns.T).view(len(anchors), num_slots, num_classes)
    # Outside the graph on purpose: the loss gives a gradient of 0 to -inf.
    with torch.no_grad():
        others[torch.arange(len(anchors), device=labels.device), :, labels] = -math.inf
        if valid_other is not None:
            others.masked_fill_(~valid_other.T, -math.inf)
        if valid_own is not None:
            own.masked_fill_(~valid_own[labels], -math.inf)
    return own, others


class PickedSimilarities(torch.autograd.Function):
    """Similarities that were picked outside the graph, with the gradient of just these products.

    Few of the thousands of rows are picked. The gradient of the whole matrix, nearly all zeros, would take a second
    matrix product of its size.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, anchors: Tensor, similarities: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Pass on the similarities (N, K) of the anchors (N, D) to the rows (M, D) at the columns (N, K)."""
        ctx.save_for_backward(rows, columns)
        return similarities.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient for the anchors: the picked rows, weighted by the gradient (N, K)."""
        rows, columns = ctx.saved_tensors
        if not columns.shape[1]:
            return rows.new_zeros(len(grad), rows.shape[1]), None, None, None
        return F.embedding_bag(columns, rows, per_sample_weights=grad, mode='sum'), None, None, None


@full_precision
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

    Differs from the original: the own class is masked, where tables of int64 indices take gigabytes for thousands of
    classes. Slots that do not take part are picked last, with -inf.
    """
    queue = queue.to(anchors.dtype)
    with torch.no_grad():
        own, others = queue_pairs(anchors, labels, queue, queue, valid_own=valid, valid_other=valid)
        positives, slots = own.masked_fill(own == -math.inf, math.inf).topk(num_positives, largest=False)
        positives = positives.masked_fill(positives == math.inf, -math.inf)
        negatives, negative_columns = _largest(others, num_negatives)
    rows = queue.flatten(0, 1)
    positive_columns = labels[:, None] * queue.shape[1] + slots
    return HardPairs(
        PickedSimilarities.apply(anchors, positives, rows, positive_columns),
        PickedSimilarities.apply(anchors, negatives, rows, negative_columns),
        slots,
        negative_columns,
    )


def _largest(similarities: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest of the similarities (N, S, num_classes), descending, and their places ``class * S + slot``.

    They all belong to the ``count`` classes whose best slots are largest: the others need not be sorted through.
    """
    num_slots, num_classes = similarities.shape[1:]
    if not count:
        return similarities.flatten(1)[:, :0], similarities.new_zeros(len(similarities), 0, dtype=torch.int64)
    classes = similarities.amax(1).topk(min(count, num_classes), sorted=False).indices
    candidates = similarities.gather(2, classes[:, None].expand(-1, num_slots, -1)).flatten(1)
    values, places = candidates.topk(count)
    slots = places.div(classes.shape[1], rounding_mode='floor')
    return values, classes.gather(1, places % classes.shape[1]) * num_slots + slots


@full_precision
def rebalanced_contrastive_loss(
    in_batch: Tensor,
    positive_mask: Tensor,
    queue_positives: Tensor,
    queue_negatives: Tensor,
    labels: Tensor,
    *,
    temperature: float = 0.2,
    class_weights: Tensor | None = None,
    column_priors: tuple[Tensor, Tensor, Tensor] | None = None,
    reduction: str = 'mean',
) -> Tensor:
    r"""Supervised contrast whose anchors are weighted by class and whose queue has the same size for every class.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. With the similarities
    :math:`s_{ij}` of all three blocks, positives :math:`P(i)` and class weights :math:`\omega`:

    .. math::
        L = \frac{1}{N} \sum_i \omega_{y_i} \frac{-1}{|P(i)| + 10^{-9}}
            \sum_{j \in P(i)} \log \frac{e^{s_{ij} / T}}{\sum_k e^{s_{ik} / T}}

    Args:
        in_batch: Similarities to rows of the batch, shape (N, M). -inf leaves an entry out, here and below.
        positive_mask: Which of them are positives, bool, shape (N, M).
        queue_positives: Similarities to queue rows of the own class, shape (N, P); P may be 0.
        queue_negatives: Similarities to queue rows of other classes, shape (N, Q); Q may be 0.
        labels: Class of each anchor, int64, shape (N,).
        temperature: T, divides the similarities.
        class_weights: Factor on the anchors of each class, shape (num_classes,). None weighs all alike.
        column_priors: Added to the divided similarities of the three blocks; each must broadcast to its block.
        reduction: ``'mean'`` over anchors, or ``'none'``.

    Returns:
        Scalar, or shape (N,) with ``reduction='none'``. An anchor without a positive contributes 0.

    Example:
        >>> import torch
        >>> same, label = torch.zeros(1, 1), torch.tensor([0])
        >>> rebalanced_contrastive_loss(same, same == 0, same, torch.zeros(1, 3), label)  # log(5)
        tensor(1.6094)
    """
    blocks = [block / temperature for block in (in_batch, queue_positives, queue_negatives)]
    if column_priors is not None:
        blocks = [block + prior.to(block.dtype) for block, prior in zip(blocks, column_priors, strict=True)]
    takes_part = queue_positives > -math.inf
    num_positives = (positive_mask.sum(1) + takes_part.sum(1)).to(in_batch.dtype)
    positive_sum = blocks[0].masked_fill(~positive_mask, 0).sum(1) + blocks[1].masked_fill(~takes_part, 0).sum(1)
    per_anchor = (num_positives * _log_sum_exp(blocks) - positive_sum) / (num_positives + 1e-9)
    if class_weights is not None:
        per_anchor = per_anchor * class_weights.to(per_anchor.dtype)[labels]
    return per_anchor.mean() if reduction == 'mean' else per_anchor


def _log_sum_exp(blocks: list[Tensor]) -> Tensor:
    """Row-wise log-sum-exp over several matrices, without joining them; finite even for a row of -inf alone."""
    blocks = [block for block in blocks if block.shape[1]]
    row_max = torch.stack([block.detach().amax(1) for block in blocks]).amax(0)
    row_max = row_max.clamp(min=torch.finfo(row_max.dtype).min)
    total = torch.stack([(block - row_max[:, None]).exp().sum(1) for block in blocks]).sum(0)
    return row_max + total.where(total > 0, 1).log()
