"""BCL's training step as published: three views in one pass, prototypes out of the classifier's weight.

Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052. In our
own words, on one device.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .parts import mlp


class CosineClassifier(nn.Module):
    """Scaled cosine of features and the columns of the weight, shape (width, num_classes)."""

    def __init__(self, width: int, num_classes: int, scale: float = 30.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(F.normalize(torch.empty(width, num_classes).uniform_(-1, 1), dim=0))
        self.scale = scale

    def forward(self, feats: Tensor) -> Tensor:
        """Logits (N, num_classes) of features (N, width)."""
        return self.scale * F.normalize(feats, dim=1).mm(F.normalize(self.weight, dim=0))


def balanced_contrast(prototypes: Tensor, views: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The loss by masks of anchors by columns, and a matrix of class sizes.

    Args:
        prototypes: Unit rows, shape (num_classes, D).
        views: Unit embeddings of two views, shape (N, 2, D).
        labels: Classes, shape (N,).
        temperature: Divides the similarities.
    """
    num_classes, num_images = len(prototypes), len(views)
    labels = labels.view(-1, 1)
    columns = torch.cat([labels.repeat(2, 1), torch.arange(num_classes, device=views.device).view(-1, 1)])
    class_sizes = torch.eq(columns, torch.arange(num_classes, device=views.device).view(1, -1)).sum(0)
    same_class = torch.eq(columns[: 2 * num_images], columns.T).to(views.dtype)
    not_self = torch.ones_like(same_class)
    not_self.scatter_(1, torch.arange(2 * num_images, device=views.device).view(-1, 1), 0)
    same_class = same_class * not_self
    contrast = torch.cat([*torch.unbind(views, dim=1), prototypes])
    terms = contrast[: 2 * num_images].mm(contrast.T) / temperature
    terms = terms - terms.max(dim=1, keepdim=True).values.detach()
    sizes = class_sizes[columns.flatten()].view(1, -1).expand(2 * num_images, -1) - same_class
    denominator = (torch.exp(terms) * not_self).div(sizes).sum(1, keepdim=True)
    log_prob = terms - torch.log(denominator)
    return -((same_class * log_prob).sum(1) / same_class.sum(1)).view(2, num_images).mean()


class BCL(nn.Module):
    """View 0 is classified, views 1 and 2 are contrasted; all go through all parts."""

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        class_counts: Tensor,
        feat_dim: int = 1024,
        hidden: int | None = None,
        scale: float = 30.0,
        alpha: float = 1.0,
        beta: float = 0.35,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.projector = mlp(width, feat_dim, hidden=hidden, norm=True)
        self.prototype_projector = mlp(width, feat_dim, hidden=hidden, norm=True)
        self.classifier = CosineClassifier(width, len(class_counts), scale)
        self.register_buffer('class_counts', class_counts)
        self.alpha, self.beta, self.temperature = alpha, beta, temperature

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch."""
        feats = self.encoder(torch.cat(views))
        embeddings = F.normalize(self.projector(feats), dim=1)
        logits = self.classifier(feats)
        prototypes = F.normalize(self.prototype_projector(self.classifier.weight.T), dim=1)
        _, second, third = embeddings.chunk(3)
        prior = torch.log(self.class_counts / self.class_counts.sum())
        classified = F.cross_entropy(logits.chunk(3)[0] + prior, labels)
        contrast = balanced_contrast(prototypes, torch.stack([second, third], dim=1), labels, self.temperature)
        return self.alpha * classified + self.beta * contrast
