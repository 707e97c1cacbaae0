"""Slow plain forms of KCL's and TSC's losses, written from the published formulas."""

import math

import torch
from torch import Tensor

from .rows import unit_rows


def draw_case(
    num_anchors: int = 6,
    queue_len: int = 20,
    num_classes: int = 4,
    feat_dim: int = 5,
    num_positives: int = 3,
    num_unwritten: int = 3,
    with_targets: bool = True,
    seed: int = 0,
) -> dict:
    """Random tensors under the names of ``k_positive_contrastive_loss``'s arguments; ``num_positives`` 0 takes all."""
    generator = torch.Generator().manual_seed(seed)
    row_labels = torch.randint(num_classes, (queue_len,), generator=generator)
    row_labels[queue_len - min(num_unwritten, queue_len) :] = -1
    return dict(
        anchors=unit_rows(num_anchors, feat_dim, generator=generator),
        keys=unit_rows(num_anchors, feat_dim, generator=generator),
        labels=torch.randint(num_classes, (num_anchors,), generator=generator),
        rows=unit_rows(queue_len, feat_dim, generator=generator),
        row_labels=row_labels,
        num_classes=num_classes,
        draws=draw_uniform(num_positives, num_anchors, generator),
        class_targets=unit_rows(num_classes, feat_dim, generator=generator) if with_targets else None,
    )


def draw_uniform(num_positives: int, num_anchors: int, generator: torch.Generator) -> Tensor | None:
    """Numbers that choose the positives; None for all of them."""
    if not num_positives:
        return None
    return torch.rand(num_positives, num_anchors, generator=generator, dtype=torch.float64)


def loop_choice(pool: list[int], draws: Tensor | None) -> list[int]:
    """The members of a pool that one anchor's numbers (K,) choose, in the order in which they are chosen."""
    if draws is None:
        return pool
    left, chosen = list(pool), []
    for uniform in draws.tolist():
        if left:
            chosen.append(left.pop(math.floor(uniform * len(left))))
    return chosen


def loop_k_positive_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    keys: Tensor,
    num_classes: int,
    draws: Tensor | None = None,
    temperature: float = 0.07,
    class_targets: Tensor | None = None,
    target_repeat: int = 1,
    target_weight: float = 0.2,
    separate_targets: bool = True,
) -> tuple[Tensor, Tensor]:
    """KCL and TSC with a queue, one pair after the other, in float64."""
    copies = [c for c in range(num_classes) for _ in range(target_repeat)] if class_targets is not None else []
    class_total, target_total = 0 * anchors.double().sum(), 0 * anchors.double().sum()
    for i, label in enumerate(labels.tolist()):
        candidates = [keys[i], *rows, *[class_targets[c] for c in copies]]
        logits = [torch.dot(anchors[i].double(), row.double()) / temperature for row in candidates]
        log_denominator = torch.logsumexp(torch.stack(logits), 0)
        in_queue = [1 + j for j, other in enumerate(row_labels.tolist()) if other == label]
        own_targets = [1 + len(rows) + j for j, c in enumerate(copies) if c == label]
        own_draws = None if draws is None else draws[:, i]
        if separate_targets:
            chosen = loop_choice(in_queue, own_draws) + own_targets
        else:
            chosen = loop_choice(in_queue + own_targets, own_draws)
        positives = [0, *chosen]
        for j in positives:
            term = -(logits[j] - log_denominator) / len(positives) / len(labels)
            if j in own_targets:
                target_total = target_total + target_weight * term
            else:
                class_total = class_total + term
    return class_total, target_total


def loop_in_batch_loss(
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
    """KCL and TSC within a batch, one pair after the other, in float64."""
    size = len(anchors) // num_views
    all_rows, all_labels, is_target = [], [], []
    for view in range(num_views):
        all_rows += list(anchors[view * size : (view + 1) * size])
        all_labels += labels[:size].tolist()
        is_target += [False] * size
        for row, label in zip(rows, row_labels.tolist(), strict=True):
            all_rows += [row] * target_repeat
            all_labels += [label] * target_repeat
            is_target += [True] * target_repeat
    losses = []
    for i in range(len(all_rows)):
        logits = [torch.dot(all_rows[i].double(), row.double()) / temperature for row in all_rows]
        others = [j for j in range(len(all_rows)) if j != i]
        same = [j for j in others if all_labels[j] == all_labels[i]]
        positives = same
        if draws is not None:
            sure = [(i + len(all_rows) // 2) % len(all_rows)] if num_views == 2 else []
            if all_targets_positive:
                sure += [j for j in same if is_target[j] and j not in sure]
            pool = [j for j in same if j not in sure and not (all_targets_positive and is_target[j])]
            positives = sure + loop_choice(pool, draws[:, i])
        log_probs = []
        for j in positives:
            in_denominator = [k for k in others if k not in same or k == j] if unbiased else others
            log_probs.append(logits[j] - torch.logsumexp(torch.stack([logits[k] for k in in_denominator]), 0))
        weight = 1.0 if class_weights is None else class_weights[all_labels[i]].double()
        losses.append(-weight * sum(log_probs) / len(log_probs) if log_probs else 0 * anchors.double().sum())
    kept = range(len(all_rows))
    if averaged == 'first_view':
        kept = range(len(all_rows) // num_views)
    elif averaged == 'targets':
        kept = [i for i in kept if is_target[i]]
    return temperature / base_temperature * sum(losses[i] for i in kept) / len(kept)
