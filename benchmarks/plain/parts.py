"""What the published steps have in common: the MLP, the momentum encoder, the queue, one optimizer step."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def mlp(width: int, feat_dim: int, num_layers: int = 2, hidden: int | None = None, norm: bool = False) -> nn.Sequential:
    """Linear layers with ReLU between them, and batch normalisation before each where ``norm`` is set."""
    layers: list[nn.Module] = []
    for _ in range(num_layers - 1):
        layers += [nn.Linear(width, hidden or width), *([nn.BatchNorm1d(hidden or width)] if norm else []), nn.ReLU()]
        width = hidden or width
    return nn.Sequential(*layers, nn.Linear(width, feat_dim))


def log_prior(class_counts: Tensor) -> Tensor:
    """Log of each class's share of the training images."""
    return torch.log(class_counts / class_counts.sum() + 1e-9)


class Momentum(nn.Module):
    """A query encoder with a projector, and the copies of both that follow it and encode the keys."""

    def __init__(self, encoder: nn.Module, projector: nn.Module, momentum: float) -> None:
        super().__init__()
        self.encoder, self.projector = encoder, projector
        self.key_encoder, self.key_projector = copy.deepcopy(encoder), copy.deepcopy(projector)
        for parameter in [*self.key_encoder.parameters(), *self.key_projector.parameters()]:
            parameter.requires_grad = False
        self.momentum = momentum

    @torch.no_grad()
    def follow(self) -> None:
        """Move each key parameter a little towards its query parameter."""
        for key, query in ((self.key_encoder, self.encoder), (self.key_projector, self.projector)):
            for moved, leader in zip(key.parameters(), query.parameters(), strict=True):
                moved.data = moved.data * self.momentum + leader.data * (1 - self.momentum)

    @torch.no_grad()
    def encode_keys(self, images: Tensor) -> Tensor:
        """Unit embeddings of images that go through the key encoder in a shuffled order."""
        order = torch.randperm(len(images), device=images.device)
        keys = F.normalize(self.key_projector(self.key_encoder(images[order])), dim=1)
        return keys[order.argsort()]


class RowQueue(nn.Module):
    """The queue of PaCo and GPaCo: rows whose columns start with unit length, and random labels."""

    def __init__(self, length: int, feat_dim: int, num_classes: int) -> None:
        super().__init__()
        self.register_buffer('rows', F.normalize(torch.randn(length, feat_dim), dim=0))
        self.register_buffer('labels', torch.randint(num_classes, (length,)))
        self.register_buffer('pointer', torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys: Tensor, labels: Tensor) -> None:
        """Overwrite the oldest block; the batch divides the length."""
        start = int(self.pointer)
        self.rows[start : start + len(keys)] = keys
        self.labels[start : start + len(keys)] = labels
        self.pointer[0] = (start + len(keys)) % len(self.rows)


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, views: list[Tensor], labels: Tensor) -> Tensor:
    """One step of a plain method, a module from views and labels to the loss; the loss."""
    loss = model(views, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()
