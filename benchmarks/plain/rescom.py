"""ResCom's training step as published: one pass for both views, a queue by class, the hardest of it by index tables.

Rebalanced Siamese Contrastive Mining, https://arxiv.org/abs/2203.11506. In our own words, on one process.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .resco import ClassQueue, Rebalanced


class ResCom(Rebalanced):
    """Both views are classified and are anchors; the queue takes the first."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 128,
        queue_per_class: int = 10,
        num_hard_positives: int = 1,
        num_hard_negatives: int = 40,
        **kwargs: float,
    ) -> None:
        super().__init__(encoder, width, class_counts, feat_dim, **kwargs)
        num_classes = len(class_counts)
        self.class_queue = ClassQueue(num_classes, queue_per_class, feat_dim)
        places = torch.arange(num_classes * queue_per_class).view(num_classes, queue_per_class)
        others = [torch.cat([places[:label], places[label + 1 :]]).flatten() for label in range(num_classes)]
        self.register_buffer('own_places', places)
        self.register_buffer('other_places', torch.stack(others))
        self.num_hard_positives, self.num_hard_negatives = num_hard_positives, num_hard_negatives

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch; the queue takes the keys before it is known."""
        num_images, labels = len(labels), labels.repeat(2)
        feats = self.encoder(torch.cat(views))
        anchors = F.normalize(self.projector(feats), dim=1)
        not_self = ~torch.eye(len(anchors), dtype=torch.bool, device=anchors.device)
        same_class = torch.eq(labels.view(-1, 1), labels.view(1, -1)).to(anchors.dtype)
        in_batch = anchors.mm(anchors.T)[not_self].view(len(anchors), -1)
        hard_positives, hard_negatives = self.mine(anchors, labels)
        similarities = torch.cat([in_batch, hard_positives, hard_negatives], dim=1)
        positive = torch.cat(
            [
                same_class[not_self].view(len(anchors), -1),
                torch.ones_like(hard_positives),
                torch.zeros_like(hard_negatives),
            ],
            dim=1,
        )
        self.class_queue.enqueue(anchors[:num_images].detach(), labels[:num_images])
        classified = self.balanced_softmax(self.classifier(feats), labels)
        return classified + self.contrast(similarities, positive, labels)

    def mine(self, anchors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The smallest similarities to the own class of the queue, the largest to the others."""
        to_queue = anchors.mm(self.class_queue.columns.clone())
        own = to_queue.gather(1, self.own_places[labels])
        others = to_queue.gather(1, self.other_places[labels])
        hard_positives = own.topk(self.num_hard_positives, dim=1, largest=False).values
        return hard_positives, others.topk(self.num_hard_negatives, dim=1).values
