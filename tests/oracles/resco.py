"""Slow plain forms of ResCo and ResCom, one sample after the other, with the queue in columns as published."""

import torch
from torch import Tensor

from .rows import unit_rows


def draw_queue(num_classes: int, slots: int, feat_dim: int, seed: int = 0) -> Tensor:
    """Random rows of a class-wise queue, float64, shape (num_classes, S, D)."""
    return unit_rows(num_classes, slots, feat_dim, generator=torch.Generator().manual_seed(seed))


def as_columns(queue: Tensor) -> Tensor:
    """Rows (num_classes, S, D) -> columns (D, num_classes * S), a copy."""
    return queue.flatten(0, 1).T.contiguous()


def index_tables(num_classes: int, slots: int) -> tuple[Tensor, Tensor]:
    """Columns of each class (num_classes, S), and of all others, ascending (num_classes, S * (num_classes - 1))."""
    own = torch.arange(num_classes * slots).view(num_classes, slots)
    others = [torch.cat([own[:c].flatten(), own[c + 1 :].flatten()]) for c in range(num_classes)]
    return own, torch.stack(others)


def loop_enqueue(columns: Tensor, pointer: Tensor, keys: Tensor, labels: Tensor) -> None:
    """Write one key after the other into the columns (D, num_classes * S), in place."""
    slots = columns.shape[1] // len(pointer)
    for key, label in zip(keys, labels, strict=True):
        label = int(label)
        slot = int(pointer[label])
        columns[:, label * slots + slot] = key
        pointer[label] = (slot + 1) % slots


def loop_mine_hard(
    anchors: Tensor,
    labels: Tensor,
    columns: Tensor,
    tables: tuple[Tensor, Tensor],
    num_positives: int,
    num_negatives: int,
) -> tuple[Tensor, Tensor]:
    """Hardest positives (N, kp) and negatives (N, kn) among the queue's columns (D, num_classes * S)."""
    own, others = tables
    positives, negatives = [], []
    for anchor, label in zip(anchors, labels, strict=True):
        positives.append((anchor @ columns[:, own[label]]).topk(num_positives, largest=False).values)
        negatives.append((anchor @ columns[:, others[label]]).topk(num_negatives).values)
    return torch.stack(positives), torch.stack(negatives)


def loop_contrast(
    rows: list[tuple[list[Tensor], list[Tensor]]],
    labels: Tensor,
    *,
    temperature: float = 0.2,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Rebalanced contrast from the positive and the negative similarities of each anchor.

    Args:
        rows: Positives and negatives of each anchor.
        labels: Class of each anchor.
        temperature: Divides the similarities.
        class_weights: Factor on the anchors of each class.
    """
    total = torch.zeros((), dtype=torch.float64)
    for (positives, negatives), label in zip(rows, labels.tolist(), strict=True):
        denominator = sum((torch.exp(s / temperature) for s in [*positives, *negatives]), torch.zeros_like(total))
        attraction = sum((s / temperature - torch.log(denominator) for s in positives), 0 * denominator)
        weight = 1.0 if class_weights is None else class_weights[label].double()
        total = total - weight * attraction / (len(positives) + 1e-9)
    return total / len(rows)


def loop_resco(
    query: Tensor, key: Tensor, labels: Tensor, positive_queue: Tensor, negative_queue: Tensor, **kwargs: object
) -> Tensor:
    """ResCo's contrast: query rows against key rows of the batch and two queues (num_classes, S, D)."""
    rows = []
    for anchor, label in zip(query, labels.tolist(), strict=True):
        positives = [torch.dot(anchor, other) for other, c in zip(key, labels.tolist(), strict=True) if c == label]
        negatives = [torch.dot(anchor, other) for other, c in zip(key, labels.tolist(), strict=True) if c != label]
        positives += [torch.dot(anchor, row) for row in positive_queue[label]]
        for c, class_rows in enumerate(negative_queue):
            negatives += [torch.dot(anchor, row) for row in class_rows if c != label]
        rows.append((positives, negatives))
    return loop_contrast(rows, labels, **kwargs)


def loop_rescom(
    anchors: Tensor, labels: Tensor, queue: Tensor, num_positives: int, num_negatives: int, **kwargs: object
) -> Tensor:
    """ResCom's contrast: all rows against each other and what is hardest of the queue (num_classes, S, D)."""
    tables = index_tables(*queue.shape[:2])
    hard = loop_mine_hard(anchors, labels, as_columns(queue), tables, num_positives, num_negatives)
    rows = []
    for i, label in enumerate(labels.tolist()):
        others = [j for j in range(len(anchors)) if j != i]
        positives = [torch.dot(anchors[i], anchors[j]) for j in others if labels[j] == label]
        negatives = [torch.dot(anchors[i], anchors[j]) for j in others if labels[j] != label]
        rows.append(([*positives, *hard[0][i]], [*negatives, *hard[1][i]]))
    return loop_contrast(rows, labels, **kwargs)
