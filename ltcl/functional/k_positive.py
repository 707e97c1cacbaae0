"""K-positive contrastive loss of KCL, and with targets that of TSC."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .class_sums import class_sums
from .log_sums import RowLogSumExp
from .positives import draw_positives, sum_rows
from .precision import full_precision


class KPositiveLoss(NamedTuple):
    """The two parts of the loss, scalars; their sum is the loss."""

    class_term: Tensor
    """Attraction to the own key and to the positives from the queue."""
    target_term: Tensor
    """Attraction to the target of the class, already weighted; 0 without targets."""


@full_precision
def k_positive_contrastive_loss(
    queries: Tensor,
    keys: Tensor,
    labels: Tensor,
    queue: Tensor,
    queue_labels: Tensor,
    *,
    num_classes: int,
    draws: Tensor | None = None,
    temperature: float = 0.07,
    class_targets: Tensor | None = None,
    target_repeat: int = 1,
    target_weight: float = 0.2,
    separate_targets: bool = True,
) -> KPositiveLoss:
    r"""Contrast in which every anchor has the same number of positives, however frequent its class is.

    From `Exploring Balanced Feature Spaces for Representation Learning <https://openreview.net/forum?id=OqtLIabPTit>`_
    (KCL) and `Targeted Supervised Contrastive Learning <https://arxiv.org/abs/2111.13998>`_ (TSC). The candidates of an
    anchor are its own key, the queue and r copies of each class's target. With :math:`\log p` the log-softmax over
    them, :math:`P` the K positives drawn from the queue and r copies of the own target among the positives:

    .. math::
        -\frac{1}{1 + |P| + r} \Big( \log p(k_i) + \sum_{j \in P} \log p(z_j) + \lambda r \log p(t_{y_i}) \Big)

    Args:
        queries: Unit embeddings of the anchors, shape (N, D).
        keys: Unit embedding of each anchor's other view, always a positive, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        queue: Unit rows of past keys, shape (L, D); L may be 0.
        queue_labels: Class of each row of the queue, int64, shape (L,); -1 makes it nobody's positive.
        num_classes: Number of classes.
        draws: Uniform numbers in 0..1 without 1, shape (K, N), that choose K positives of each anchor, or as many as
            there are. None takes all.
        temperature: Divides the similarities.
        class_targets: Unit target of each class, shape (num_classes, D). None is KCL.
        target_repeat: Copies r of each target among the candidates.
        target_weight: :math:`\lambda`, factor of the target term.
        separate_targets: The copies of the own target are positives beside the K drawn ones; False draws the K from
            queue and copies together, so that only the chosen copies are positives.

    Returns:
        Class term and target term, means over anchors.

    Differs from the original: the log-softmax is taken without overflow at any temperature, and positions are integers
    instead of float32 sums over all pools. :math:`\lambda` stands inside the mean over positives, as in the code; the
    paper prints it outside.
    """
    log_denominator = log_sum_candidates(queries, keys, queue, class_targets, target_repeat, temperature)
    scaled = queries / temperature
    num_targets = queries.new_zeros(len(queries))
    if class_targets is not None:
        num_targets = num_targets + target_repeat
    if draws is None:
        sums, numbers = class_sums(queue, queue_labels, num_classes)
        positive_rows, num_rows = sums[labels].to(queue.dtype), numbers[labels]
    elif class_targets is None or separate_targets:
        chosen = draw_positives(draws, labels, queue_labels)
        positive_rows, num_rows = sum_rows(queue, chosen), (chosen >= 0).sum(0)
    else:
        chosen = draw_positives(draws, labels, mixed_pool_labels(queue_labels, num_classes, target_repeat))
        num_targets = (chosen >= len(queue)).sum(0)
        chosen = chosen.where(chosen < len(queue), -1)
        positive_rows, num_rows = sum_rows(queue, chosen), (chosen >= 0).sum(0)
    divisor = 1 + num_rows + num_targets
    class_log_prob = (scaled * (keys + positive_rows)).sum(1) - (1 + num_rows) * log_denominator
    class_term = -(class_log_prob / divisor).mean()
    if class_targets is None:
        return KPositiveLoss(class_term, torch.zeros_like(class_term))
    target_log_prob = (scaled * class_targets[labels]).sum(1) - log_denominator
    return KPositiveLoss(class_term, -target_weight * (num_targets * target_log_prob / divisor).mean())


def log_sum_candidates(
    queries: Tensor,
    keys: Tensor,
    queue: Tensor,
    class_targets: Tensor | None,
    target_repeat: int,
    temperature: float,
) -> Tensor:
    """Log of the summed exponentials over each anchor's candidates, shape (N,); arguments as for the loss."""
    scaled = queries / temperature
    terms = [(scaled * keys).sum(1)]
    if len(queue):
        terms.append(RowLogSumExp.apply(scaled, queue)[0])
    if class_targets is not None:
        terms.append(RowLogSumExp.apply(scaled, class_targets)[0] + math.log(target_repeat))
    return torch.logsumexp(torch.stack(terms), 0)


def mixed_pool_labels(queue_labels: Tensor, num_classes: int, target_repeat: int) -> Tensor:
    """Class of each row of the pool that queue and target copies form together, shape (L + num_classes * r,)."""
    copies = torch.arange(num_classes, device=queue_labels.device).repeat_interleave(target_repeat)
    return torch.cat([queue_labels, copies])
