"""Decode heads whose logits are corrected by what a region classifier says of the whole image."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads import DepthwiseSeparableASPPHead, FCNHead, OCRHead, UPerHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import accuracy
from torch import Tensor, nn

from ltcl.functional.precision import full_precision
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .branch import CountsFromFile
from .branched import extend_head
from .labels import mark_void, shrink_labels
from .region_terms import region_loss, region_means


@full_precision
def soft_region_means(feats: Tensor, seg_logits: Tensor) -> Tensor:
    """Mean feature of each class in each image, pixels weighted by their probability of the class.

    Args:
        feats: Feature maps, shape (B, C, h, w).
        seg_logits: Class scores, shape (B, num_classes, h, w).

    Returns:
        Means, shape (B, num_classes, C).
    """
    probs = seg_logits.softmax(1).flatten(2)
    return probs @ feats.flatten(2).mT / (probs.sum(2, keepdim=True) + 1e-12)


class RegionBiasMixin(CountsFromFile, BaseDecodeHead):
    """Adds to the logits of each pixel how a region classifier rates the classes in the whole image.

    The second design in the code of `Region Rebalance <https://arxiv.org/abs/2204.01969>`_, which no published config
    uses, so there are no published settings. Unlike a branch it changes inference. The head's ``loss_decode`` is
    replaced by three pixel terms and two region terms.

    Args:
        *args: Arguments of the head.
        main_weight: Weight of the pixel terms.
        region_weight: Weight of the region terms.
        smooth: Share of the true class in the regions' targets.
        with_absent: Train on regions of classes that an image does not show, and on void regions.
        with_prior: Add the log frequency of the classes to the region classifier's output in its own loss.
        class_counts: Counts per class or a file with them, for ``with_prior``.
        count_key: Which counts of the file.
        **kwargs: Arguments of the head.

    Differs from the original: its weight of absent regions only ever mattered as zero or not, hence ``with_absent``.
    A batch without a valid pixel gives 0 instead of NaN.
    """

    num_classes: int
    ignore_index: int | None
    dropout_ratio: float
    align_corners: bool
    conv_seg: nn.Conv2d
    _stack_batch_gt: Callable[[list], Tensor]
    _last: Any = None

    def __init__(
        self,
        *args: Any,
        main_weight: float = 1.0,
        region_weight: float = 1.0,
        smooth: float = 1.0,
        with_absent: bool = True,
        with_prior: bool = False,
        class_counts: str | Sequence[int] | None = None,
        count_key: str = 'image',
        **kwargs: Any,
    ) -> None:
        check_ranges(type(self).__name__, dict(main_weight=main_weight, region_weight=region_weight, smooth=smooth))
        super().__init__(*args, **kwargs)
        channels = self.conv_seg.in_channels
        self.region_classifier = nn.Sequential(
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Dropout(self.dropout_ratio),
            nn.Linear(channels, self.num_classes + 1),
        )
        self.main_weight = main_weight
        self.region_weight = region_weight
        self.smooth = smooth
        self.with_absent = with_absent
        self.with_prior = with_prior
        self.register_class_counts(self.num_classes, class_counts, count_key)

    def cls_seg(self, feat: Tensor) -> Tensor:
        """Corrected scores (B, num_classes, h, w) of the features (B, C, h, w)."""
        seg_logits = super().cls_seg(feat)
        region_logits = self.region_classifier(soft_region_means(feat, seg_logits))
        if self.training:
            self._last = feat, seg_logits, region_logits
        return seg_logits + self.bias(region_logits)

    def bias(self, region_logits: Tensor) -> Tensor:
        """Mean over the regions of the scores (B, num_classes, num_classes + 1), shape (B, num_classes, 1, 1)."""
        return region_logits[..., : self.num_classes].mean(1)[..., None, None]

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: list) -> dict[str, Tensor]:
        """Pixel terms before and after the correction, region terms, accuracy.

        Args:
            seg_logits: Corrected scores of this training step, shape (B, num_classes, h, w).
            batch_data_samples: Samples with ``gt_sem_seg``.
        """
        (feats, plain_logits, region_logits), self._last = self._last, None
        labels = mark_void(self._stack_batch_gt(batch_data_samples), self.num_classes, self.ignore_index)
        is_present = torch.zeros(len(labels), self.num_classes + 1, dtype=torch.bool, device=labels.device)
        is_present = is_present.scatter_(1, labels.flatten(1), True)[:, : self.num_classes]
        return {
            **self.pixel_losses(plain_logits, self.bias(region_logits), is_present, labels),
            **self.region_losses(feats, region_logits, is_present, labels),
        }

    def pixel_losses(self, seg_logits: Tensor, bias: Tensor, is_present: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Cross entropy without bias, with it, and with the scores of absent classes set to 0; accuracy in %."""
        plain = F.interpolate(seg_logits, labels.shape[2:], mode='bilinear', align_corners=self.align_corners)
        corrected, labels = plain + bias, labels.squeeze(1)
        return dict(
            loss_seg=self.main_weight * valid_cross_entropy(plain, labels),
            loss_all=self.main_weight * valid_cross_entropy(corrected, labels),
            loss_all_masked=self.main_weight * valid_cross_entropy(corrected * is_present[..., None, None], labels),
            acc_seg=accuracy(corrected, labels, ignore_index=self.num_classes),
        )

    def region_losses(
        self, feats: Tensor, region_logits: Tensor, is_present: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        """Classification of the soft regions of each image and of the regions of the labels in the batch."""
        absent = self.num_classes
        soft_labels = torch.arange(absent, device=labels.device).where(is_present, absent)
        means, hard_labels = region_means(feats, shrink_labels(labels, feats.shape[2:]), absent, keep_void=True)
        hard_logits = self.region_classifier(means)
        return dict(
            loss_soft_region=self._region_loss(region_logits.flatten(0, 1), soft_labels.flatten()),
            loss_gt_region=self._region_loss(hard_logits, hard_labels),
        )

    def _region_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        prior = None
        if self.with_prior:
            frequencies = self.class_frequencies()
            prior = torch.cat([frequencies, frequencies.new_ones(1)])
        keep = None if self.with_absent else labels < self.num_classes
        return self.region_weight * region_loss(logits, labels, smooth=self.smooth, prior=prior, keep=keep)


@full_precision
def valid_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the pixels whose label is not ``num_classes``; 0 without one.

    Args:
        logits: Scores, shape (B, num_classes, H, W).
        labels: Label maps, int64, shape (B, H, W), in 0..num_classes.
    """
    void = logits.shape[1]
    return F.cross_entropy(logits, labels, ignore_index=void, reduction='sum') / (labels != void).sum().clamp(min=1)


def with_region_bias(head: type) -> type:
    """Class of a stock decode head with :class:`RegionBiasMixin`, named ``RegionBias...``.

    Args:
        head: A decode head of mmseg's kind.

    Raises:
        UserError: The class is no decode head.
    """
    return extend_head(head, RegionBiasMixin, 'RegionBias', 'corrects its logits (see :class:`RegionBiasMixin`)')


def _registered(head: type) -> type:
    return MODELS.register_module(module=with_region_bias(head))


RegionBiasUPerHead = _registered(UPerHead)
RegionBiasFCNHead = _registered(FCNHead)
RegionBiasDepthwiseSeparableASPPHead = _registered(DepthwiseSeparableASPPHead)
RegionBiasOCRHead = _registered(OCRHead)
