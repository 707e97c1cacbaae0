"""Slow plain forms of PaCo's and the multi-task losses, written from the published formulas."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .rows import unit_rows


def draw_case(
    num_anchors: int = 6,
    num_rows: int = 10,
    num_classes: int = 4,
    feat_dim: int = 5,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> dict[str, Tensor]:
    """Random tensors under the names of ``paco_loss``'s arguments."""
    generator = torch.Generator().manual_seed(seed)
    return dict(
        anchors=unit_rows(num_anchors, feat_dim, generator=generator, dtype=dtype),
        labels=torch.randint(num_classes, (num_anchors,), generator=generator),
        logits=2 * torch.randn(num_anchors, num_classes, generator=generator, dtype=dtype),
        rows=unit_rows(num_rows, feat_dim, generator=generator, dtype=dtype),
        row_labels=torch.randint(num_classes, (num_rows,), generator=generator),
    )


def loop_paco_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    logits: Tensor,
    class_counts: Tensor | None = None,
    temperature: float = 0.2,
    base_temperature: float | None = None,
    alpha: float = 0.05,
    beta: float = 1.0,
    gamma: float = 1.0,
    supt: float = 1.0,
    smoothing: float = 0.0,
) -> Tensor:
    """PaCo and GPaCo, one pair after the other, in float64."""
    anchors, logits, rows = anchors.double(), logits.double(), rows.double()
    num_classes = logits.shape[1]
    all_rows, all_labels = [*anchors, *rows], [*labels.tolist(), *row_labels.tolist()]
    losses = []
    for i, label in enumerate(labels.tolist()):
        class_terms = []
        for c in range(num_classes):
            prior = 0.0
            if class_counts is not None:
                prior = torch.log(class_counts[c].double() / class_counts.double().sum() + 1e-9)
            class_terms.append((logits[i, c] + prior) / supt)
        sample_terms = [torch.dot(anchors[i], row) / temperature for row in all_rows]
        largest = max(term.item() for term in class_terms + sample_terms)
        denominator = torch.tensor(1e-12, dtype=torch.float64)
        for term in class_terms:
            denominator = denominator + torch.exp(term - largest)
        for j, term in enumerate(sample_terms):
            if j != i:
                denominator = denominator + gamma * torch.exp(term - largest)
        weighted, total_weight = 0.0, 0.0
        for c, term in enumerate(class_terms):
            if smoothing:
                target = 1 - smoothing if c == label else smoothing / (num_classes - 1)
            else:
                target = float(c == label)
            weighted = weighted + beta * target * (term - largest - torch.log(denominator))
        total_weight += beta
        for j, term in enumerate(sample_terms):
            if j != i and all_labels[j] == label:
                weighted = weighted + alpha * (term - largest - torch.log(denominator))
                total_weight += alpha
        losses.append(-weighted / total_weight)
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * sum(losses) / len(losses)


def loop_supcon_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    num_classes: int | None = None,
    temperature: float = 0.2,
    base_temperature: float | None = None,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Supervised contrast of the multi-task baselines, one pair after the other, in float64."""
    anchors, rows = anchors.double(), rows.double()
    all_rows, all_labels = [*anchors, *rows], [*labels.tolist(), *row_labels.tolist()]
    total = 0 * anchors.sum()
    for i, label in enumerate(labels.tolist()):
        terms = [torch.dot(anchors[i], row) / temperature for row in all_rows]
        largest = max(term.item() for term in terms)
        others = [j for j in range(len(all_rows)) if j != i]
        denominator = sum(torch.exp(terms[j] - largest) for j in others) + 1e-12
        positives = [j for j in others if all_labels[j] == label]
        if positives:
            log_probs = [terms[j] - largest - torch.log(denominator) for j in positives]
            weight = 1.0 if class_weights is None else class_weights[label].double()
            total = total - weight * sum(log_probs) / len(positives)
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * total / len(anchors)


def masked_paco_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    logits: Tensor,
    class_counts: Tensor | None = None,
    temperature: float = 0.2,
    base_temperature: float | None = None,
    alpha: float = 0.05,
    beta: float = 1.0,
    gamma: float = 1.0,
    supt: float = 1.0,
    smoothing: float = 0.0,
) -> Tensor:
    """PaCo and GPaCo as they are usually written: masks, one-hot targets and a whole matrix of log probabilities."""
    num_anchors, num_classes = logits.shape
    columns, column_labels = torch.cat([anchors, rows]), torch.cat([labels, row_labels])
    not_self = 1 - torch.eye(num_anchors, len(columns), dtype=anchors.dtype, device=anchors.device)
    positive = (labels[:, None] == column_labels[None, :]).to(anchors.dtype) * not_self
    targets = F.one_hot(labels, num_classes).to(anchors.dtype)
    if smoothing:
        targets = targets * (1 - smoothing) + (1 - targets) * smoothing / (num_classes - 1)
    weights = torch.cat([beta * targets, alpha * positive], 1)
    if class_counts is not None:
        frequencies = class_counts.double() / class_counts.double().sum()
        logits = logits + torch.log(frequencies + 1e-9).to(logits.dtype)
    terms = torch.cat([logits / supt, anchors @ columns.T / temperature], 1)
    terms = terms - terms.detach().max(1, keepdim=True).values
    in_denominator = torch.cat([torch.ones_like(logits), gamma * not_self], 1)
    log_denominator = torch.log((torch.exp(terms) * in_denominator).sum(1, keepdim=True) + 1e-12)
    log_prob = terms - log_denominator
    per_anchor = -(weights * log_prob).sum(1) / weights.sum(1)
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * per_anchor.mean()
