"""ResCo's training step as published: two passes, two queues by class, loops over the samples of a batch.

Rebalanced Siamese Contrastive Mining, https://arxiv.org/abs/2203.11506, its first code. In our own words, on one
process.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .parts import log_prior, mlp


class ClassQueue(nn.Module):
    """Columns of unit length, S of each class side by side, and a pointer of each class."""

    def __init__(self, num_classes: int, slots: int, feat_dim: int) -> None:
        super().__init__()
        self.register_buffer('columns', F.normalize(torch.randn(feat_dim, slots * num_classes), dim=0))
        self.register_buffer('pointer', torch.zeros(num_classes, dtype=torch.long))
        self.slots = slots

    @torch.no_grad()
    def enqueue(self, keys: Tensor, labels: Tensor) -> None:
        """Write one key after the other."""
        for key, label in zip(keys, labels, strict=True):
            place = int(self.pointer[label])
            self.columns[:, int(label) * self.slots + place] = key
            self.pointer[label] = (place + 1) % self.slots


def class_weights(class_counts: Tensor, beta: float) -> Tensor:
    """The mean effective number of images over that of each class, in float64."""
    effective = (1 - beta ** class_counts.double()) / (1 - beta)
    return effective.mean() / effective


def weighted_contrast(similarities: Tensor, positive: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Divergence of the softmax of similarities (N, M) from the mask of positives, weighted by anchor."""
    log_prob = F.log_softmax(similarities / temperature, dim=1)
    return (weights * -(positive * log_prob).sum(1) / (positive.sum(1) + 1e-9)).mean()


class Rebalanced(nn.Module):
    """Encoder, projector and classifier of both forms."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 128,
        effective_number_beta: float = 0.99,
        temperature: float = 0.2,
        con_weight: float = 0.5,
    ) -> None:
        super().__init__()
        self.encoder, self.projector = encoder, mlp(width, feat_dim, norm=True)
        self.classifier = nn.Linear(width, len(class_counts))
        self.register_buffer('class_counts', class_counts)
        self.register_buffer('class_weights', class_weights(class_counts, effective_number_beta))
        self.temperature, self.con_weight = temperature, con_weight

    def balanced_softmax(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross entropy with the prior of the classes."""
        return F.cross_entropy(logits + log_prior(self.class_counts), labels)

    def contrast(self, similarities: Tensor, positive: Tensor, labels: Tensor) -> Tensor:
        """The weighted contrast, times its weight."""
        weights = self.class_weights[labels].to(similarities.dtype)
        return self.con_weight * weighted_contrast(similarities, positive, weights, self.temperature)


class ResCo(Rebalanced):
    """View 0 has the anchors, view 1 the keys; both are classified."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 128,
        positives_per_class: int = 4,
        negatives_per_class: int = 1,
        **kwargs: float,
    ) -> None:
        super().__init__(encoder, width, class_counts, feat_dim, **kwargs)
        self.positive_queue = ClassQueue(len(class_counts), positives_per_class, feat_dim)
        self.negative_queue = ClassQueue(len(class_counts), negatives_per_class, feat_dim)

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch; the queues take the keys before it is known."""
        feats = [self.encoder(view) for view in views]
        anchors, keys = (F.normalize(self.projector(each), dim=1) for each in feats)
        same_class = torch.eq(labels.view(-1, 1), labels.view(1, -1)).to(keys.dtype)
        from_queues = [self.compare_with_queues(anchor, int(c)) for anchor, c in zip(anchors, labels, strict=True)]
        own, others = (torch.stack(each) for each in zip(*from_queues, strict=True))
        similarities = torch.cat([anchors.mm(keys.T), own, others], dim=1)
        positive = torch.cat([same_class, torch.ones_like(own), torch.zeros_like(others)], dim=1)
        for queue in (self.positive_queue, self.negative_queue):
            queue.enqueue(keys.detach(), labels)
        classified = sum(self.balanced_softmax(self.classifier(each), labels) for each in feats) / 2
        return classified + self.contrast(similarities, positive, labels)

    def compare_with_queues(self, anchor: Tensor, label: int) -> tuple[Tensor, Tensor]:
        """Similarities of an anchor to the positives of its class, and to the negatives of all others."""
        positives, negatives = self.positive_queue.columns, self.negative_queue.columns
        slots, num_own = self.positive_queue.slots, self.negative_queue.slots
        own = positives[:, label * slots : (label + 1) * slots].clone()
        others = torch.cat([negatives[:, : label * num_own], negatives[:, (label + 1) * num_own :]], dim=1)
        return anchor @ own, anchor @ others
