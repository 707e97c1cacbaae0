"""GPaCo's training step as published: both views through one encoder, one after the other, and PaCo's loss.

Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400. In our own words, on one
process.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .paco import paco_loss
from .parts import RowQueue, mlp


class TwoViews(nn.Module):
    """Encoder, projector of three layers, classifier and queue of GPaCo and its multi-task baseline."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 128,
        queue_len: int = 8192,
        **loss_args: float,
    ) -> None:
        super().__init__()
        self.encoder, self.projector = encoder, mlp(width, feat_dim, num_layers=3)
        self.classifier = nn.Linear(width, len(class_counts))
        self.queue = RowQueue(queue_len, feat_dim, len(class_counts))
        self.register_buffer('class_counts', class_counts)
        self.loss_args = loss_args

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch; the queue takes the second view before it is known."""
        feats = [self.encoder(view) for view in views]
        embeddings = [F.normalize(self.projector(each), dim=1) for each in feats]
        rows = torch.cat([*embeddings, self.queue.rows.clone()])
        row_labels = torch.cat([labels, labels, self.queue.labels.clone()])
        self.queue.enqueue(embeddings[1].detach(), labels)
        return self.loss(rows, row_labels, torch.cat([self.classifier(each) for each in feats]))

    def loss(self, rows: Tensor, row_labels: Tensor, logits: Tensor) -> Tensor:
        """The loss from the rows (M, D), their labels, and the logits of the first of them, the anchors."""
        raise NotImplementedError


class GPaCo(TwoViews):
    """Both views are anchors."""

    def loss(self, rows: Tensor, row_labels: Tensor, logits: Tensor) -> Tensor:
        """PaCo's."""
        return paco_loss(rows, row_labels, logits, self.class_counts, **self.loss_args)
