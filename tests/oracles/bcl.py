"""Slow plain forms of the balanced contrastive loss, written from the published formula."""

from collections.abc import Callable

import torch
from torch import Tensor

from .rows import unit_rows


def draw_case(
    num_samples: int = 6,
    num_views: int = 2,
    num_classes: int = 4,
    feat_dim: int = 5,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> dict[str, Tensor]:
    """Embeddings (num_views * num_samples, D) view by view, labels of the samples, and prototypes."""
    generator = torch.Generator().manual_seed(seed)
    return dict(
        embeddings=unit_rows(num_views * num_samples, feat_dim, generator=generator, dtype=dtype),
        labels=torch.randint(num_classes, (num_samples,), generator=generator).repeat(num_views),
        prototypes=unit_rows(num_classes, feat_dim, generator=generator, dtype=dtype),
    )


def of_one_batch(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss of anchors and further rows as one of embeddings that are all of the anchors."""

    def of_embeddings(embeddings: Tensor, labels: Tensor, prototypes: Tensor, **kwargs: float) -> Tensor:
        return loss(embeddings, labels, embeddings[:0], labels[:0], prototypes=prototypes, **kwargs)

    return of_embeddings


def loop_balanced_loss(embeddings: Tensor, labels: Tensor, prototypes: Tensor, *, temperature: float = 0.07) -> Tensor:
    """One anchor and one class after the other, in float64."""
    columns = [*embeddings.double(), *prototypes.double()]
    column_labels = [*labels.tolist(), *range(len(prototypes))]
    losses = []
    for i, label in enumerate(labels.tolist()):
        similarities = [torch.dot(columns[i], column) / temperature for column in columns]
        largest = max(term.item() for term in similarities)
        denominator, positives = 0.0, []
        for c in range(len(prototypes)):
            members = [s for j, s in enumerate(similarities) if column_labels[j] == c and j != i]
            denominator = denominator + sum(torch.exp(s - largest) for s in members) / len(members)
            if c == label:
                positives = members
        losses.append(largest + torch.log(denominator) - sum(positives) / len(positives))
    return sum(losses) / len(losses)


def masked_balanced_loss(
    embeddings: Tensor, labels: Tensor, prototypes: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """As it is usually written: masks, a matrix of class sizes and a whole matrix of log probabilities."""
    num_anchors, num_classes = len(labels), len(prototypes)
    columns = torch.cat([embeddings, prototypes])
    column_labels = torch.cat([labels, torch.arange(num_classes, device=labels.device)])
    not_self = 1 - torch.eye(num_anchors, len(columns), dtype=columns.dtype, device=columns.device)
    positive = (labels[:, None] == column_labels[None]).to(columns.dtype) * not_self
    class_sizes = torch.bincount(column_labels, minlength=num_classes).to(columns.dtype)
    weights = class_sizes[column_labels][None] - positive
    terms = embeddings @ columns.T / temperature
    terms = terms - terms.detach().max(1, keepdim=True).values
    log_denominator = torch.log((torch.exp(terms) * not_self / weights).sum(1, keepdim=True))
    log_prob = terms - log_denominator
    return -((positive * log_prob).sum(1) / positive.sum(1)).mean()
