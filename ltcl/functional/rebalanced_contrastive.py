"""Rebalanced contrastive loss of ResCo and ResCom."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ltcl.errors import UserError

from .checks import check_shapes
from .contrast import join_rows
from .log_sums import leave_out_self
from .mining import mine_hard, queue_pairs, slot_major
from .precision import full_precision
from .scaling import weigh_classes
from .tiles import sum_in_tiles


@full_precision
@check_shapes()
def rebalanced_contrastive_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    queue: Tensor,
    valid: Tensor | None = None,
    negative_queue: Tensor | None = None,
    negative_valid: Tensor | None = None,
    num_hard: Mapping[str, int] | None = None,
    among_anchors: bool = True,
    temperature: float = 0.2,
    class_weights: Tensor | None = None,
    class_prior: Tensor | None = None,
    align_prior: bool = True,
    reduction: str = 'mean',
) -> Tensor:
    r"""Supervised contrast whose anchors are weighted by class and whose queue has the same size for every class.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. Each anchor meets the other
    anchors (not in ResCo), the further rows, and of a class-wise queue the rows of its own and of all other classes, or
    of both those that it finds hardest (ResCom). With the similarities :math:`s_{ij}` to all of them, positives
    :math:`P(i)` and class weights :math:`\omega`:

    .. math::
        L = \frac{1}{N} \sum_i \omega_{y_i} \frac{-1}{|P(i)| + 10^{-9}}
            \sum_{j \in P(i)} \log \frac{e^{s_{ij} / T}}{\sum_k e^{s_{ik} / T}}

    Args:
        anchors: Unit embeddings, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        rows: Further unit rows, the other view in ResCo, shape (M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (M,).
        queue: Rows of each class, without gradient, shape (num_classes, P, D); P may be 0.
        valid: Slots of the queue that take part, bool, shape (num_classes, P). None means all.
        negative_queue: Queue that the rows of other classes are taken from, shape (num_classes, Q, D). None is the same
            queue, the only one that is mined.
        negative_valid: Slots of it that take part, bool, shape (num_classes, Q). None means all.
        num_hard: ``num_positives`` and ``num_negatives`` of :func:`mine_hard`, which picks the hardest rows of each
            anchor from the queue. None takes all rows.
        among_anchors: The anchors meet each other, themselves left out.
        temperature: T, divides the similarities.
        class_weights: Factor on the anchors of each class, shape (num_classes,). None weighs all alike.
        class_prior: Added to the divided similarities to rows of each class, shape (num_classes,).
        align_prior: Give each row the prior of its own class. False shifts the priors of queue rows as published, where
            the own class comes first but the priors are in class order.
        reduction: ``'mean'`` over anchors, or ``'none'``.

    Returns:
        Scalar, or shape (N,) with ``reduction='none'``. An anchor without a positive contributes 0.

    Example:
        >>> import torch
        >>> anchors, labels = torch.full((2, 4), 0.5), torch.tensor([0, 1])
        >>> queue = torch.full((3, 2, 4), 0.5)
        >>> rebalanced_contrastive_loss(  # one other anchor and three hard pairs: log(4)
        ...     anchors, labels, anchors[:0], labels[:0], queue=queue, num_hard=dict(num_positives=1, num_negatives=2)
        ... )
        tensor(1.3863)
    """
    if num_hard is not None and negative_queue is not None:
        raise UserError('rebalanced_contrastive_loss: num_hard takes all pairs from queue, so leave negative_queue out')
    contrast, contrast_labels = rows, row_labels
    if among_anchors:
        contrast, contrast_labels = join_rows(anchors, labels, rows, row_labels)
    queue = slot_major(queue.to(anchors.dtype))
    if negative_queue is None:
        negative_queue, negative_valid = queue, valid
    else:
        negative_queue = slot_major(negative_queue.to(anchors.dtype))

    settings: dict[str, Any] = dict(temperature=temperature, class_weights=class_weights, class_prior=class_prior)
    tensors = {name: value for name, value in settings.items() if isinstance(value, Tensor)}

    def of_tile(here: slice, anchors: Tensor, contrast: Tensor, *others: Tensor) -> Tensor:
        temperature, class_weights, class_prior = {**settings, **dict(zip(tensors, others, strict=True))}.values()
        tile, own_labels = anchors[here], labels[here]
        if num_hard is None:
            own, negatives = queue_pairs(tile, own_labels, queue, negative_queue, valid, negative_valid)
            other_classes = torch.arange(len(queue), device=labels.device).repeat(negatives.shape[1])[None]
            negatives = negatives.flatten(1)
        else:
            hard = mine_hard(tile, own_labels, queue, valid=valid, **num_hard)
            own, negatives, other_classes = hard.positives, hard.negatives, hard.negative_columns // queue.shape[1]
        priors = None
        if class_prior is not None:
            priors = column_priors(class_prior, own_labels, contrast_labels, other_classes, align_prior)
        return loss_of_pairs(
            *in_batch_pairs(tile, own_labels, contrast, contrast_labels, among_anchors, here.start),
            own,
            negatives,
            own_labels,
            temperature=temperature,
            class_weights=class_weights,
            column_priors=priors,
            reduction='none',
        )

    if reduction == 'none':
        return of_tile(slice(0, len(anchors)), anchors, contrast, *tensors.values())
    num_columns = len(contrast) + negative_queue[..., 0].numel()
    return sum_in_tiles(of_tile, len(anchors), num_columns, anchors, contrast, *tensors.values()) / len(anchors)


def column_priors(
    class_prior: Tensor, labels: Tensor, contrast_labels: Tensor, other_classes: Tensor, align_prior: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Priors of the columns of the three blocks of similarities, which broadcast to them.

    Args:
        class_prior: As for the loss.
        labels: Class of each anchor, int64, shape (N,).
        contrast_labels: Class of each row of the batch, int64, shape (M,).
        other_classes: Class of each queue row of another class, int64, shape (1, Q) or (N, Q).
        align_prior: As for the loss.
    """
    own_classes = labels[:, None]
    if not align_prior:
        # The own class is moved to the front of the columns, and the priors of class 0, 1, 2, ... stay in place.
        own_classes, other_classes = torch.zeros_like(own_classes), other_classes + (other_classes < own_classes)
    return class_prior[contrast_labels], class_prior[own_classes], class_prior[other_classes]


def in_batch_pairs(
    anchors: Tensor,
    labels: Tensor,
    contrast: Tensor,
    contrast_labels: Tensor,
    among_anchors: bool,
    first: int = 0,
) -> tuple[Tensor, Tensor]:
    """Compare anchors with rows of their batch.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        contrast: Unit rows, shape (M, D).
        contrast_labels: Class of each of them, int64, shape (M,).
        among_anchors: The anchors are among these rows: leave each one's own entry out.
        first: Place of the first anchor among them.

    Returns:
        Similarities (N, M), -inf for an entry left out, and the mask of positives (N, M).
    """
    similarities = anchors @ contrast.T
    positive_mask = labels[:, None] == contrast_labels
    if among_anchors:
        leave_out_self(similarities, first)
        positive_mask.diagonal(first).fill_(False)
    return similarities, positive_mask


def loss_of_pairs(
    in_batch: Tensor,
    positive_mask: Tensor,
    queue_positives: Tensor,
    queue_negatives: Tensor,
    labels: Tensor,
    *,
    temperature: float,
    class_weights: Tensor | None = None,
    column_priors: tuple[Tensor, Tensor, Tensor] | None = None,
    reduction: str = 'mean',
) -> Tensor:
    """The loss from similarities; -inf leaves one out.

    Args:
        in_batch: Similarities to rows of the batch, shape (N, M).
        positive_mask: Which of them are positives, bool, shape (N, M).
        queue_positives: Similarities to queue rows of the own class, shape (N, P).
        queue_negatives: Similarities to queue rows of other classes, shape (N, Q).
        labels: As for the loss.
        temperature: As for the loss.
        class_weights: As for the loss.
        column_priors: Added to the divided similarities of the three blocks; each must broadcast to its block.
        reduction: As for the loss.
    """
    blocks = [_divide(block, temperature) for block in (in_batch, queue_positives, queue_negatives)]
    if column_priors is not None:
        blocks = [block + prior.to(block.dtype) for block, prior in zip(blocks, column_priors, strict=True)]
    takes_part = queue_positives > -math.inf
    num_positives = (positive_mask.sum(1) + takes_part.sum(1)).to(in_batch.dtype)
    positive_sum = blocks[0].masked_fill(~positive_mask, 0).sum(1) + blocks[1].masked_fill(~takes_part, 0).sum(1)
    per_anchor = (num_positives * _log_sum_exp(blocks) - positive_sum) / (num_positives + 1e-9)
    per_anchor = weigh_classes(per_anchor, labels, class_weights)
    return per_anchor.mean() if reduction == 'mean' else per_anchor


def _divide(similarities: Tensor, temperature: float | Tensor) -> Tensor:
    """Similarities divided by the temperature; -inf stays, and gives a tensor no gradient."""
    if not isinstance(temperature, Tensor):
        return similarities / temperature
    is_left_out = similarities == -math.inf
    return (similarities.masked_fill(is_left_out, 0) / temperature).masked_fill(is_left_out, -math.inf)


def _log_sum_exp(blocks: list[Tensor]) -> Tensor:
    """Row-wise log-sum-exp over several matrices, without joining them; finite even for a row of -inf alone."""
    blocks = [block for block in blocks if block.shape[1]]
    row_max = torch.stack([block.detach().amax(1) for block in blocks]).amax(0)
    row_max = row_max.clamp(min=torch.finfo(row_max.dtype).min)
    total = torch.stack([(block - row_max[:, None]).exp().sum(1) for block in blocks]).sum(0)
    return row_max + total.where(total > 0, 1).log()
