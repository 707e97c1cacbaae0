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


class Anchors(NamedTuple):
    """The rows whose loss is computed: all, or those of one of several processes."""

    rows: Tensor
    """Of the M rows, int64, shape (A,)."""
    unique: Tensor
    """Their unique rows, int64, shape (B,)."""
    place: Tensor
    """Position of each unique row among those, int64, shape (U,); of the others any."""
    weights: Tensor
    """How many rows of all processes each stands for, shape (A,): an image, which only its process has, for as many."""


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
    share: tuple[int, int] = (0, 1),
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
        share: A process and the number of them, where each view is the images of all of them in order. Only those of
            that process, and the targets, are anchors then; the mean of the results over the processes is the loss.

    Returns:
        Scalar mean over the averaged rows.

    Raises:
        UserError: Anchors that are not those of one or two views, draws for another number of rows, or a share that is
            none of them.

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
    _check_parts(batch, draws, *share)
    chosen = anchors_of(batch, *share)
    similarities = batch.unique[chosen.unique] @ batch.unique.T / temperature
    log_others = log_sum_others(similarities, batch, unbiased, chosen)
    of_anchor = chosen.place[batch.unique_of[chosen.rows]]
    if draws is not None:
        positives, weights = drawn_positives(draws, batch, all_targets_positive, chosen)
        pairs = similarities[of_anchor, batch.unique_of[positives]]
        log_probs = pair_log_probs(pairs, log_others[of_anchor], unbiased)
        means = (weights * log_probs).sum(0) / weights.sum(0).clamp(min=1)
    else:
        means = _means_over_class(similarities, log_others, batch, chosen, num_classes, temperature, unbiased)[
            of_anchor
        ]
    means = weigh_classes(means, batch.labels[chosen.rows], class_weights) * chosen.weights
    return -temperature_ratio(temperature, base_temperature) * _mean(means, batch, share, averaged)


def _check_parts(batch: BatchRows, draws: Tensor | None, rank: int, num_processes: int) -> None:
    """Refuse draws for other rows, and a share of what cannot be divided so."""
    num_rows, num_images = len(batch.labels), batch.num_images // batch.num_views
    if draws is not None and draws.shape[1] != num_rows:
        raise UserError(
            f'in_batch_contrastive_loss: draws must have a column for each of the {num_rows} rows, got {draws.shape[1]}'
        )
    if not 0 <= rank < num_processes or num_images % num_processes:
        raise UserError(
            f'in_batch_contrastive_loss: share {(rank, num_processes)} is none of {num_images} images of a view: name '
            'a process, from 0 on, and a number of them that divides the images'
        )


def _mean(means: Tensor, batch: BatchRows, share: tuple[int, int], averaged: str) -> Tensor:
    """Mean over the averaged rows of all processes, of terms that are 0 or left out for those of others."""
    num_images, num_targets = batch.num_images // batch.num_views, len(batch.labels) // batch.num_views
    num_targets -= num_images
    by_view = means.view(batch.num_views, -1)
    if averaged == 'first_view':
        return by_view[0].sum() / (num_images + num_targets)
    if averaged == 'targets':
        return by_view[:, num_images // share[1] :].sum() / (batch.num_views * num_targets)
    return means.sum() / len(batch.labels)


def anchors_of(batch: BatchRows, rank: int = 0, num_processes: int = 1) -> Anchors:
    """The rows that are anchors on a process: its images in each view, and the targets."""
    num_own = batch.num_images // batch.num_views // num_processes
    by_view = torch.arange(len(batch.labels), device=batch.labels.device).view(batch.num_views, -1)
    images, targets = by_view.split([num_own * num_processes, by_view.shape[1] - num_own * num_processes], 1)
    own = torch.cat([images[:, rank * num_own : (rank + 1) * num_own], targets], 1)
    weights = torch.ones_like(own, dtype=batch.copies.dtype)
    weights[:, :num_own] = num_processes
    in_images = batch.unique_of[own[:, :num_own]].flatten()
    unique = torch.cat([in_images, torch.arange(batch.num_images, len(batch.unique), device=own.device)])
    place = torch.zeros_like(batch.unique_labels).scatter_(0, unique, torch.arange(len(unique), device=own.device))
    return Anchors(own.flatten(), unique, place, weights.flatten())


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


def log_sum_others(similarities: Tensor, rows: BatchRows, unbiased: bool, anchors: Anchors | None = None) -> Tensor:
    """Log of the summed exponentials over the other rows, with ``unbiased`` over those of other classes.

    Args:
        similarities: Of the anchors' unique rows and all unique rows, divided by the temperature, shape (B, U).
        rows: The rows of the batch.
        unbiased: As for the loss.
        anchors: Those rows; None are all.

    Returns:
        Shape (B,).
    """
    unique = (anchors or anchors_of(rows)).unique
    # The lowest number instead of -inf: a row without any other has a gradient then, of 0.
    lowest = torch.finfo(similarities.dtype).min
    log_copies = rows.copies.log().repeat(len(similarities), 1)
    log_copies[torch.arange(len(unique), device=unique.device), unique] = (rows.copies[unique] - 1).log()
    if unbiased:
        log_copies.masked_fill_(rows.unique_labels[unique][:, None] == rows.unique_labels, lowest)
    return torch.logsumexp((similarities + log_copies).clamp(min=lowest), 1)


def pair_log_probs(pairs: Tensor, log_others: Tensor, unbiased: bool) -> Tensor:
    """Log probability of pairs of rows from their similarity and the result of :func:`log_sum_others`."""
    return pairs - (torch.logaddexp(log_others, pairs) if unbiased else log_others)


def drawn_positives(
    draws: Tensor, rows: BatchRows, all_targets_positive: bool, anchors: Anchors | None = None
) -> tuple[Tensor, Tensor]:
    """Positives of each anchor: the K drawn ones, its other view, and with ``all_targets_positive`` the target.

    Args:
        draws: As for the loss.
        rows: The rows of the batch.
        all_targets_positive: As for the loss.
        anchors: Whose positives; None are all rows.

    Returns:
        Rows (P, A) and how often each counts (P, A): 0 where there was nothing left to draw.
    """
    num_rows, itself = len(rows.labels), (anchors or anchors_of(rows)).rows
    labels = rows.labels[itself]
    other_view = ((itself + num_rows // 2) % num_rows)[None][: rows.num_views - 1]
    is_copy = rows.unique_of >= rows.num_images
    pool_labels = rows.labels.where(~is_copy, -1) if all_targets_positive else rows.labels
    drawn = draw_positives(draws[:, itself], labels, pool_labels, torch.cat([itself[None], other_view]))
    positives = [drawn.clamp(min=0), other_view]
    weights = [(drawn >= 0).to(rows.copies), torch.ones_like(other_view, dtype=rows.copies.dtype)]
    if all_targets_positive and len(rows.unique) > rows.num_images:
        classes, order = rows.unique_labels[rows.num_images :].sort()
        target = torch.searchsorted(classes, labels).clamp(max=len(classes) - 1)
        first_copy = torch.searchsorted(rows.unique_of[: num_rows // rows.num_views], rows.num_images + order[target])
        # Of the copies, a target itself is none of its positives, and its other view is counted already.
        positives.append(first_copy[None])
        weights.append(((rows.copies[-1] - rows.num_views * is_copy[itself]) * (classes[target] == labels))[None])
    return torch.cat(positives), torch.cat(weights)


def _means_over_class(
    similarities: Tensor,
    log_others: Tensor,
    rows: BatchRows,
    anchors: Anchors,
    num_classes: int,
    temperature: float,
    unbiased: bool,
) -> Tensor:
    """Mean log probability of each of the anchors' unique rows (B,) over all other rows of its class."""
    own, labels = rows.unique[anchors.unique], rows.unique_labels[anchors.unique]
    sums, _ = class_sums(num_classes, (rows.unique * rows.copies[:, None], rows.unique_labels))
    numbers = rows.copies.new_zeros(num_classes).index_add(0, rows.unique_labels, rows.copies)
    num_positives = numbers[labels] - 1
    if unbiased:
        # Every pair has a denominator of its own, so here no sum over a class will do.
        counts = (labels[:, None] == rows.unique_labels) * rows.copies
        counts[torch.arange(len(own), device=own.device), anchors.unique] -= 1
        sums = (counts * pair_log_probs(similarities, log_others[:, None], unbiased)).sum(1)
    else:
        others = (sums[labels] - own).to(own.dtype)
        sums = (others * own).sum(1) / temperature - num_positives * log_others
    return sums / num_positives.clamp(min=1)
