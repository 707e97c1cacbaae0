"""Region Rebalance and Center Collapse: class means of a batch are classified beside the pixels."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .branch import DenseBranch
from .labels import mark_void
from .region_terms import region_loss, region_means


def simplex_etf(orthogonal: Tensor, num_classes: int) -> Tensor:
    """Unit vectors with the same angle between any two: a simplex equiangular tight frame.

    Args:
        orthogonal: Matrix whose first ``num_classes`` columns are orthonormal, shape (D, at least num_classes).
        num_classes: Number of vectors, at least 2.

    Returns:
        Rows of length 1 whose dot products are ``-1 / (num_classes - 1)``, shape (num_classes, D).
    """
    axes = orthogonal[:, :num_classes].T
    return F.normalize(math.sqrt(num_classes / (num_classes - 1)) * (axes - axes.mean(0)), dim=1)


class SimplexClassifier(nn.Module):
    """Linear classifier whose weights are a randomly turned simplex and stay what they are.

    Args:
        in_features: Width of a row, at least ``num_classes``.
        num_classes: Number of classes.

    Raises:
        UserError: More classes than the rows are wide.
    """

    weight: Tensor

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        if num_classes > in_features:
            raise UserError(
                f'a simplex of {num_classes} classes needs hidden_channels >= {num_classes}, got {in_features}'
            )
        axes = nn.init.orthogonal_(torch.empty(in_features, num_classes, dtype=torch.float64))
        self.register_buffer('weight', simplex_etf(axes, num_classes).float())

    def forward(self, rows: Tensor) -> Tensor:
        """Scores (N, num_classes) of rows (N, in_features)."""
        return F.linear(rows, self.weight)


@MODELS.register_module()
class RegionRebalanceBranch(DenseBranch):
    """`Region Rebalance <https://arxiv.org/abs/2204.01969>`_ beside a decode head.

    The features are reduced, averaged over each class that is present in the batch of one process, and the means are
    classified with a loss that is shifted by the log frequency of the classes.

    Args:
        reduce_channels: Channels of the reduced features.
        hidden_channels: Width of the layer before the region classifier.
        smooth: Share of the true class in the target.
        scale: Multiplies the region classifier's output, before the log frequencies are added.
        normalize: Divide the rows before the region classifier by their length.
        dropout_ratio: Dropout before the region classifier; the head's by default.
        keep_void: Make one more region, of no class, of all void pixels (as published together with GPaCo).
        frozen: Train nothing of the branch itself: only the decoder and the backbone learn from it, as published.
        class_counts: Counts per class or a file with them; images that show the class are published.
        loss_name: Name of the loss in the log.
        **kwargs: Arguments of :class:`DenseBranch`.

    Raises:
        UserError: ``smooth`` is not in 0..1.

    Differs from the original: the features are not enlarged and no one-hot map is made. ``frozen=False`` is an option.
    """

    def __init__(
        self,
        *,
        reduce_channels: int = 128,
        hidden_channels: int = 512,
        smooth: float = 0.5,
        scale: float = 1.0,
        normalize: bool = False,
        keep_void: bool = False,
        frozen: bool = True,
        loss_name: str = 'loss_region',
        **kwargs: Any,
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if not 0 <= smooth <= 1:
            raise UserError(f'{type(self).__name__}: smooth is the share of the true class, 0 to 1, got {smooth}')
        # Never synchronised between processes, whatever the head's norm layers are: the sums of regions are not either.
        self.reduce = nn.Sequential(
            nn.Conv2d(self.in_channels, reduce_channels, 1, bias=False), nn.BatchNorm2d(reduce_channels)
        )
        self.expand = nn.Sequential(nn.Linear(reduce_channels, hidden_channels), nn.ReLU())
        self.dropout = nn.Dropout(self.dropout_ratio)
        self.classifier = self.build_classifier(hidden_channels)
        check_ranges(type(self).__name__, dict(scale=scale))
        self.smooth = smooth
        self.scale = scale
        self.normalize = normalize
        self.keep_void = keep_void
        if frozen:
            self.requires_grad_(False)

    def build_classifier(self, hidden_channels: int) -> nn.Module:
        """The region classifier."""
        return nn.Linear(hidden_channels, self.num_classes)

    def region_logits(self, feats: Tensor, seg_labels: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the regions without prior, (R, num_classes), and their classes, (R,); void is ``num_classes``."""
        labels = mark_void(seg_labels, self.num_classes, self.ignore_index)
        means, region_labels = region_means(self.reduce(feats), labels, self.num_classes, self.keep_void)
        rows = self.expand(means)
        if self.normalize:
            rows = F.normalize(rows, dim=1)
        return self.scale * self.classifier(self.dropout(rows)), region_labels

    def loss(self, feats: Tensor, seg_logits: Tensor, seg_labels: Tensor) -> dict[str, Tensor]:
        """Classification of the regions; see :meth:`DenseBranch.loss`."""
        logits, region_labels = self.region_logits(feats, seg_labels)
        loss = region_loss(logits, region_labels, smooth=self.smooth, prior=self.class_frequencies())
        return {self.loss_name: self.loss_weight * loss}


@MODELS.register_module()
class CenterCollapseBranch(RegionRebalanceBranch):
    """`Center Collapse <https://arxiv.org/abs/2301.01100>`_ (CeCo) beside a decode head.

    As :class:`RegionRebalanceBranch`, with rows of unit length and a classifier that is a fixed simplex: the class
    means of a batch are drawn towards directions of equal angles.

    Args:
        smooth: Share of the true class in the target.
        scale: Multiplies the region classifier's output.
        normalize: Divide the rows before the region classifier by their length.
        hidden_channels: Width of the layer before the region classifier, at least the number of classes.
        loss_weight: Published are 0.8 with Swin-T and 0.2 with Swin-B.
        **kwargs: Arguments of :class:`RegionRebalanceBranch`. With ``frozen=False`` the simplex stays fixed.
    """

    def __init__(
        self,
        *,
        smooth: float = 1.0,
        scale: float = 5.0,
        normalize: bool = True,
        hidden_channels: int = 512,
        loss_weight: float = 0.8,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            smooth=smooth,
            scale=scale,
            normalize=normalize,
            hidden_channels=hidden_channels,
            loss_weight=loss_weight,
            **kwargs,
        )

    def build_classifier(self, hidden_channels: int) -> nn.Module:
        """A fixed simplex, kept in checkpoints."""
        return SimplexClassifier(hidden_channels, self.num_classes)
