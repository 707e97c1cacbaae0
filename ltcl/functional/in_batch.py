"""Contrast within a batch of KCL and TSC on CIFAR: K positives, and targets as further images."""

from typing import NamedTuple

import torch
from torch import Tensor

from ltcl.errors import UserError

from .checks import check_shapes
from .class_sums import class_sums
from .positives import draw_positives
from .precision import full_precision
from .scaling import temperature_ratio, weigh_classes


class BatchRows(NamedTuple):
    """The M rows that are compared: of each view its images, then the copies of the targets."""

    unique: Tensor
    """Images of all views, then one row a target, shape (U, D)."""
    unique_labels: Tensor
    """Their classes, int64, shape (U,)."""
    copies: Tensor
    """Number of rows that each of them stands for, shape (U,)."""
    unique_of: Tensor
    """Unique row of each row, int64, shape (M,)."""
    labels: Tensor
    """Class of each row, int64, shape (M,)."""
    num_views: int
    num_images: int
    """Images of all views together: the unique rows before the targets."""


@full_precision
@check_shapes(draws='K L')
def in_batch_contrastive_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    num_classes: int,
    num_views: int = 2,
    draws: Tensor | None = None,
    temperature: float = 0.07,
    base_temperature: float = 0.07,
    target_repeat: int = 25,
    all_targets_positive: bool = False,
    class_weights: Tensor | None = None,
    unbiased: bool = False,
    averaged: str = 'all',
) -> Tensor:
    r"""Supervised contrast between the views of a batch with all or with K drawn positives, and targets beside them.

    The form in which the authors of `Targeted Supervised Contrastive Learning <https://arxiv.org/abs/2111.13998>`_
    train KCL and TSC on CIFAR. Of every further row, the target of a class, r copies count as images of each view: they
    are compared with, they can be drawn, and they are anchors. Over the M rows of all views, and those :math:`P_i`
    among them that are positives of row i:

    .. math::
        \frac{\tau}{\tau_{base}} \frac{1}{M} \sum_i \frac{-w_{y_i}}{|P_i|} \sum_{j \in P_i}
        \log \frac{e^{x_i \cdot x_j / \tau}}{\sum_{k \ne i} e^{x_i \cdot x_k / \tau}}

    Args:
        anchors: Unit embeddings, all of view 1, then all of view 2 where there is one, shape (N, D).
        labels: Class of each anchor, int64, shape (N,); the same for each view.
        rows: Unit targets, one a class at most, shape (M, D); without any it is KCL.
        row_labels: Class of each target, int64, shape (M,).
        num_classes: Number of classes.
        num_views: Views V among the anchors, 1 or 2.
        draws: Uniform numbers in 0..1 without 1, shape (K, L) for the L = N + V * M * r rows, view by view, that choose
            K positives of each beside its other view. None takes all rows of the class.
        temperature: Divides the similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``.
        target_repeat: Copies r of each target in each view.
        all_targets_positive: Every copy of the own target is a positive, and the K are drawn from images only. False
            lets copies be drawn like images.
        class_weights: Factor on the anchors of each class, shape (num_classes,). None weighs all alike.
        unbiased: The denominator of a pair holds the rows of other classes and the pair, not the other positives.
        averaged: Rows whose loss is averaged: ``'all'``, ``'first_view'`` or ``'targets'``.

    Returns:
        Scalar mean over the averaged rows.

    Raises:
        UserError: Anchors that are not those of one or two views, or draws for another number of rows.

    Differs from the original: a row without any positive, which only one view can have, contributes 0 where the
    published code divides 0 by 0. The copies of a target share one row of the similarity matrix.

    Example:
        >>> import torch
        >>> anchors, labels = torch.full((4, 4), 0.5), torch.tensor([0, 1, 0, 1])
        >>> targets, classes = torch.full((2, 4), 0.5), torch.arange(2)
        >>> in_batch_contrastive_loss(  # four images and 2 * 2 * 2 copies, each compared with all others: log(11)
        ...     anchors, labels, targets, classes, num_classes=2, target_repeat=2
        ... )
        tensor(2.3979)
    """
    batch = batch_rows(anchors, labels, rows, row_labels, num_views, target_repeat)
    similarities = batch.unique @ batch.unique.T / temperature
    log_others = log_sum_others(similarities, batch, unbiased)
    if draws is not None:
        positives, weights = drawn_positives(draws, batch, all_targets_positive)
        pairs = similarities[batch.unique_of, batch.unique_of[positives]]
        log_probs = pair_log_probs(pairs, log_others[batch.unique_of], unbiased)
        means = (weights * log_probs).sum(0) / weights.sum(0).clamp(min=1)
    else:
        means = _means_over_class(similarities, log_others, batch, num_classes, temperature, unbiased)[batch.unique_of]
    means = weigh_classes(means, batch.labels, class_weights)
    if averaged == 'first_view':
        means = means[: len(means) // num_views]
    elif averaged == 'targets':
        means = means[batch.unique_of >= batch.num_images]
    return -temperature_ratio(temperature, base_temperature) * means.mean()


def batch_rows(
    anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor, num_views: int, target_repeat: int
) -> BatchRows:
    """Line up the rows of a batch; arguments as for the loss."""
    num_images, device = len(anchors), labels.device
    if num_views not in (1, 2) or num_images % num_views:
        raise UserError(
            f'in_batch_contrastive_loss: {num_images} anchors are not those of {num_views} views of a batch'
        )
    copied = torch.arange(len(rows), device=device).repeat_interleave(target_repeat)
    images = torch.arange(num_images, device=device).view(num_views, -1)
    unique_of = torch.cat([images, (num_images + copied).expand(num_views, -1)], 1).flatten()
    copies = torch.ones_like(anchors[:, 0]), anchors.new_full((len(rows),), num_views * target_repeat)
    unique_labels = torch.cat([labels, row_labels])
    return BatchRows(
        unique=torch.cat([anchors, rows]),
        unique_labels=unique_labels,
        copies=torch.cat(copies),
        unique_of=unique_of,
        labels=unique_labels[unique_of],
        num_views=num_views,
        num_images=num_images,
    )


def log_sum_others(similarities: Tensor, rows: BatchRows, unbiased: bool) -> Tensor:
    """Log of the summed exponentials over the other rows, with ``unbiased`` over those of other classes; shape (U,)."""
    # The lowest number instead of -inf: a row without any other has a gradient then, of 0.
    lowest = torch.finfo(similarities.dtype).min
    log_copies = rows.copies.log().repeat(len(similarities), 1)
    log_copies.diagonal().copy_((rows.copies - 1).log())
    if unbiased:
        log_copies.masked_fill_(rows.unique_labels[:, None] == rows.unique_labels, lowest)
    return torch.logsumexp((similarities + log_copies).clamp(min=lowest), 1)


def pair_log_probs(pairs: Tensor, log_others: Tensor, unbiased: bool) -> Tensor:
    """Log probability of pairs of rows from their similarity and the result of :func:`log_sum_others`."""
    return pairs - (torch.logaddexp(log_others, pairs) if unbiased else log_others)


def drawn_positives(draws: Tensor, rows: BatchRows, all_targets_positive: bool) -> tuple[Tensor, Tensor]:
    """Positives of each row: the K drawn ones, its other view, and with ``all_targets_positive`` the target.

    Args:
        draws: As for the loss.
        rows: The rows of the batch.
        all_targets_positive: As for the loss.

    Returns:
        Rows (P, M) and how often each counts (P, M): 0 where there was nothing left to draw.
    """
    num_rows = len(rows.labels)
    itself = torch.arange(num_rows, device=rows.labels.device)
    other_view = itself.roll(-(num_rows // 2))[None][: rows.num_views - 1]
    is_target = rows.unique_of >= rows.num_images
    pool_labels = rows.labels.where(~is_target, -1) if all_targets_positive else rows.labels
    drawn = draw_positives(draws, rows.labels, pool_labels, torch.cat([itself[None], other_view]))
    positives = [drawn.clamp(min=0), other_view]
    weights = [(drawn >= 0).to(rows.copies), torch.ones_like(other_view, dtype=rows.copies.dtype)]
    if all_targets_positive and len(rows.unique) > rows.num_images:
        classes, order = rows.unique_labels[rows.num_images :].sort()
        target = torch.searchsorted(classes, rows.labels).clamp(max=len(classes) - 1)
        first_copy = torch.searchsorted(rows.unique_of[: num_rows // rows.num_views], rows.num_images + order[target])
        # Of the copies, a target itself is none of its positives, and its other view is counted already.
        positives.append(first_copy[None])
        weights.append(((rows.copies[-1] - rows.num_views * is_target) * (classes[target] == rows.labels))[None])
    return torch.cat(positives), torch.cat(weights)


def _means_over_class(
    similarities: Tensor, log_others: Tensor, rows: BatchRows, num_classes: int, temperature: float, unbiased: bool
) -> Tensor:
    """Mean log probability of each unique row (U,) over all other rows of its class."""
    sums, _ = class_sums(num_classes, (rows.unique * rows.copies[:, None], rows.unique_labels))
    numbers = rows.copies.new_zeros(num_classes).index_add(0, rows.unique_labels, rows.copies)
    num_positives = numbers[rows.unique_labels] - 1
    if unbiased:
        # Every pair has a denominator of its own, so here no sum over a class will do.
        counts = (rows.unique_labels[:, None] == rows.unique_labels) * rows.copies
        counts.diagonal().sub_(1)
        sums = (counts * pair_log_probs(similarities, log_others[:, None], unbiased)).sum(1)
    else:
        others = (sums[rows.unique_labels] - rows.unique).to(rows.unique.dtype)
        sums = (others * rows.unique).sum(1) / temperature - num_positives * log_others
    return sums / num_positives.clamp(min=1)
