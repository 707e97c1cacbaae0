"""KCL's training step as published with TSC: momentum encoder, queue in columns, K positives drawn in K rounds.

Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021. In our own words, on one process.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .parts import Momentum, mlp


@torch.no_grad()
def draw_positives(pool: Tensor, num_positives: int) -> Tensor:
    """Draw members of each anchor's pool without replacement, one a round.

    Args:
        pool: Which rows are positives of which anchor, bool, shape (N, L).
        num_positives: Rounds.

    Returns:
        The drawn ones, bool, shape (N, L).
    """
    left, drawn = pool.clone(), torch.zeros_like(pool)
    for uniform in torch.rand(num_positives, len(pool), dtype=torch.float64, device=pool.device):
        position = torch.floor(uniform * left.sum(1)).long()
        chosen = left & (left.cumsum(1) == position.view(-1, 1) + 1)
        drawn |= chosen
        left &= ~chosen
    return drawn


class KCL(Momentum):
    """Views 0 and 1 are query and key."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        feat_dim: int = 128,
        queue_len: int = 65536,
        momentum: float = 0.999,
        num_positives: int = 6,
        temperature: float = 0.07,
    ) -> None:
        super().__init__(encoder, mlp(width, feat_dim), momentum)
        self.register_buffer('queue', F.normalize(torch.randn(feat_dim, queue_len), dim=0))
        self.register_buffer('queue_labels', torch.full((queue_len,), -1))
        self.register_buffer('pointer', torch.zeros(1, dtype=torch.long))
        self.num_positives, self.temperature = num_positives, temperature

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch; the queue takes the keys after it."""
        queries = F.normalize(self.projector(self.encoder(views[0])), dim=1)
        self.follow()
        keys = self.encode_keys(views[1])
        own_key = (queries * keys).sum(1, keepdim=True)
        logits = torch.cat([own_key, queries.mm(self.queue.clone())], dim=1) / self.temperature
        pool = torch.eq(labels.view(-1, 1), self.queue_labels.view(1, -1))
        loss = self.loss(queries, labels, logits, draw_positives(pool, self.num_positives))
        self.enqueue(keys, labels)
        return loss

    def loss(self, queries: Tensor, labels: Tensor, logits: Tensor, drawn: Tensor) -> Tensor:
        """Mean log probability of the own key, the first column, and of the drawn rows."""
        positive = torch.cat([torch.ones_like(logits[:, :1]), drawn.to(logits.dtype)], dim=1)
        log_prob = logits - torch.log(torch.exp(logits).sum(1, keepdim=True))
        return -((positive * log_prob).sum(1) / positive.sum(1)).mean()

    @torch.no_grad()
    def enqueue(self, keys: Tensor, labels: Tensor) -> None:
        """Overwrite the oldest block; the batch divides the length."""
        start = int(self.pointer)
        self.queue[:, start : start + len(keys)] = keys.T
        self.queue_labels[start : start + len(keys)] = labels
        self.pointer[0] = (start + len(keys)) % self.queue.shape[1]
