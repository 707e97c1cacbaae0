"""The step of GPaCo's multi-task baseline as published: balanced softmax beside supervised contrast with a queue.

Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400. In our own words, on one
process. The published weights of the classes cancel to 1 and are left out.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .gpaco import TwoViews
from .parts import log_prior


def supervised_contrast(rows: Tensor, labels: Tensor, num_anchors: int, temperature: float) -> Tensor:
    """Supervised contrast by masks; the first rows are the anchors."""
    not_self = torch.ones(num_anchors, len(rows), dtype=rows.dtype, device=rows.device)
    not_self.scatter_(1, torch.arange(num_anchors, device=rows.device).view(-1, 1), 0)
    same_class = torch.eq(labels[:num_anchors].view(-1, 1), labels.view(1, -1)).to(rows.dtype) * not_self
    terms = torch.matmul(rows[:num_anchors], rows.T) / temperature
    terms = terms - terms.max(dim=1, keepdim=True).values.detach()
    log_prob = terms - torch.log((torch.exp(terms) * not_self).sum(1, keepdim=True) + 1e-12)
    return -((same_class * log_prob).sum(1) / same_class.sum(1)).mean()


class MultiTask(TwoViews):
    """Both views are classified and contrasted."""

    def loss(self, rows: Tensor, row_labels: Tensor, logits: Tensor) -> Tensor:
        """Balanced softmax plus alpha times the contrast."""
        classified = F.cross_entropy(logits + log_prior(self.class_counts), row_labels[: len(logits)])
        contrast = supervised_contrast(rows, row_labels, len(logits), self.loss_args['temperature'])
        return classified + self.loss_args['alpha'] * contrast
