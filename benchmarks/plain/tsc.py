"""TSC's training step as published, in the phase with targets: KCL, class centers, a matching in each step.

Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998. In
our own words, on one process.
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional as F

from .kcl import KCL


class TSC(KCL):
    """KCL with a fixed target of each class among the candidates.

    Args:
        encoder: From images to pooled features.
        width: Of the features.
        targets: Unit rows, shape (num_classes, D).
        target_repeat: Copies of each target.
        target_weight: Factor of the target term.
        center_momentum: Share of a class's old center that is kept.
        **kwargs: Arguments of :class:`KCL`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        width: int,
        targets: Tensor,
        target_repeat: int = 1,
        target_weight: float = 0.2,
        center_momentum: float = 0.9,
        **kwargs: float,
    ) -> None:
        super().__init__(encoder, width, **kwargs)
        self.register_buffer('targets', targets)
        self.register_buffer('centers', F.normalize(torch.randn_like(targets), dim=1))
        self.target_repeat, self.target_weight = target_repeat, target_weight
        self.center_momentum = center_momentum

    def loss(self, queries: Tensor, labels: Tensor, logits: Tensor, drawn: Tensor) -> Tensor:
        """KCL's with the own targets among the positives; their part is weighted."""
        self.move_centers(queries.detach(), labels)
        assigned = self.match()
        copies = self.targets.repeat_interleave(self.target_repeat, dim=0)
        logits = torch.cat([logits, queries.mm(copies.T) / self.temperature], dim=1)
        own_target = torch.eq(
            assigned[labels].view(-1, 1),
            torch.arange(len(self.targets), device=labels.device).repeat_interleave(self.target_repeat).view(1, -1),
        ).to(logits.dtype)
        positive = torch.cat([torch.ones_like(logits[:, :1]), drawn.to(logits.dtype)], dim=1)
        log_prob = logits - torch.log(torch.exp(logits).sum(1, keepdim=True))
        divisor = positive.sum(1) + own_target.sum(1)
        by_rows, by_targets = log_prob.split([positive.shape[1], own_target.shape[1]], dim=1)
        class_term = -((positive * by_rows).sum(1) / divisor).mean()
        return class_term - self.target_weight * ((own_target * by_targets).sum(1) / divisor).mean()

    @torch.no_grad()
    def move_centers(self, queries: Tensor, labels: Tensor) -> None:
        """Move the center of each class in the batch, one class after the other."""
        for label in labels.unique():
            mean = F.normalize(queries[labels == label].mean(0), dim=0)
            moved = self.center_momentum * self.centers[label] + (1 - self.center_momentum) * mean
            self.centers[label] = F.normalize(moved, dim=0)

    @torch.no_grad()
    def match(self) -> Tensor:
        """The target of each class."""
        cosines = self.centers.mm(self.targets.T)
        _, columns = linear_sum_assignment(-cosines.cpu().numpy())
        return torch.as_tensor(columns, device=cosines.device)
