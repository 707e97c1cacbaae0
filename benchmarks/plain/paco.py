"""PaCo's training step as published: query and key encoder, queue, masks of anchors by rows.

Parametric Contrastive Learning, ICCV 2021, https://arxiv.org/abs/2107.12028. In our own words, on one process.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .parts import Momentum, RowQueue, log_prior, mlp


def paco_loss(
    rows: Tensor,
    labels: Tensor,
    class_logits: Tensor,
    class_counts: Tensor,
    *,
    alpha: float,
    temperature: float,
    beta: float = 1.0,
    gamma: float = 1.0,
    supt: float = 1.0,
    smoothing: float = 0.0,
) -> Tensor:
    """The loss by masks; the first rows, as many as there are logits, are the anchors.

    Args:
        rows: Anchors, keys and queue, shape (M, D).
        labels: Their classes, shape (M,).
        class_logits: Of the anchors, shape (A, num_classes).
        class_counts: Training images of each class.
        alpha: Weight of a positive sample.
        temperature: Divides the similarities.
        beta: Weight of the class centre.
        gamma: Weight of the samples in the denominator.
        supt: Divides the class logits.
        smoothing: Label smoothing of the centre.
    """
    num_anchors, num_classes = class_logits.shape
    not_self = torch.ones(num_anchors, len(rows), dtype=rows.dtype, device=rows.device)
    not_self.scatter_(1, torch.arange(num_anchors, device=rows.device).view(-1, 1), 0)
    same_class = torch.eq(labels[:num_anchors].view(-1, 1), labels.view(1, -1)).to(rows.dtype) * not_self
    similarities = torch.matmul(rows[:num_anchors], rows.T) / temperature
    class_terms = (class_logits + log_prior(class_counts)) / supt
    centre = F.one_hot(labels[:num_anchors], num_classes).to(rows.dtype)
    if smoothing:
        centre = centre * (1 - smoothing) + (1 - centre) * smoothing / (num_classes - 1)
    terms = torch.cat([class_terms, similarities], dim=1)
    terms = terms - terms.max(dim=1, keepdim=True).values.detach()
    weights = torch.cat([beta * centre, alpha * same_class], dim=1)
    counted = torch.cat([torch.ones_like(class_terms), gamma * not_self], dim=1)
    log_prob = terms - torch.log((torch.exp(terms) * counted).sum(1, keepdim=True) + 1e-12)
    return -((weights * log_prob).sum(1) / weights.sum(1)).mean()


class PaCo(Momentum):
    """Views 0 and 1 are query and key."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 128,
        queue_len: int = 8192,
        momentum: float = 0.999,
        **loss_args: float,
    ) -> None:
        super().__init__(encoder, mlp(width, feat_dim, norm=True), momentum)
        self.classifier = nn.Linear(width, len(class_counts))
        self.queue = RowQueue(queue_len, feat_dim, len(class_counts))
        self.register_buffer('class_counts', class_counts)
        self.loss_args = loss_args

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch; the queue takes the keys before it is known."""
        feats = self.encoder(views[0])
        queries = F.normalize(self.projector(feats), dim=1)
        self.follow()
        keys = self.encode_keys(views[1])
        rows = torch.cat([queries, keys, self.queue.rows.clone()])
        row_labels = torch.cat([labels, labels, self.queue.labels.clone()])
        self.queue.enqueue(keys, labels)
        return paco_loss(rows, row_labels, self.classifier(feats), self.class_counts, **self.loss_args)
