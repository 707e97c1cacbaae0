"""BalPoE from its formula: one expert, one image and one class after the other, in float64."""

import math

import torch
from torch import Tensor, nn


def draw_case(num_images: int = 5, num_experts: int = 3, num_classes: int = 4, seed: int = 0) -> dict[str, Tensor]:
    """Logits of the experts, labels, training images per class."""
    generator = torch.Generator().manual_seed(seed)
    return dict(
        logits=3 * torch.randn(num_images, num_experts, num_classes, generator=generator, dtype=torch.float64),
        labels=torch.randint(num_classes, (num_images,), generator=generator),
        class_counts=torch.randint(1, 500, (num_classes,), generator=generator),
    )


def mixed_shares(labels: Tensor, num_classes: int, share: float = 0.3) -> Tensor:
    """Labels (N, num_classes) of images that are mixed with the one before."""
    shares = torch.zeros(len(labels), num_classes, dtype=torch.float64)
    for i in range(len(labels)):
        shares[i, labels[i]] += 1 - share
        shares[i, labels[i - 1]] += share
    return shares


def loop_balpoe_loss(
    logits: Tensor, labels: Tensor, class_counts: Tensor, taus: Tensor, shares: Tensor | None = None
) -> Tensor:
    """As ``ltcl.functional.balpoe_loss``."""
    counts = class_counts.tolist()
    total = logits.new_zeros(())
    if shares is None:
        shares = [[float(c == label) for c in range(len(counts))] for label in labels]
    for of_experts, of_classes in zip(logits, shares, strict=True):
        for row, tau in zip(of_experts, taus.tolist(), strict=True):
            adjusted = [row[c] + tau * math.log(counts[c] / sum(counts) + 1e-9) for c in range(len(counts))]
            denominator = torch.log(sum(torch.exp(each) for each in adjusted))
            total = total + sum(share * (denominator - each) for share, each in zip(of_classes, adjusted, strict=True))
    return total / (len(logits) * len(taus))


class PlainExperts(nn.Module):
    """Cosine classifiers of several experts, whose weights stand one below the other."""

    def __init__(self, num_experts: int, num_classes: int, width: int, cosine_scale: float) -> None:
        super().__init__()
        self.num_experts, self.num_classes, self.cosine_scale = num_experts, num_classes, cosine_scale
        self.experts = nn.Linear(width, num_experts * num_classes, bias=False)
        self.register_buffer('class_counts', torch.zeros(num_classes, dtype=torch.int64))

    def expert_logits(self, feats: Tensor) -> Tensor:
        """Logits (N, E, num_classes)."""
        rows = []
        for feat in feats:
            cosines = [feat @ weight / (feat.norm() * weight.norm()) for weight in self.experts.weight]
            rows.append(self.cosine_scale * torch.stack(cosines).view(self.num_experts, self.num_classes))
        return torch.stack(rows)
