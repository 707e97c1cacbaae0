"""Mean features of the regions of each class, and the loss that classifies them."""

import torch
from torch import Tensor

from ltcl.functional.precision import full_precision


@full_precision
def region_means(feats: Tensor, labels: Tensor, num_classes: int, keep_void: bool = False) -> tuple[Tensor, Tensor]:
    """Mean feature of every class over its pixels in the whole batch, at the size of the labels.

    The published code resizes the features to the size of the labels (bilinear, ``align_corners=True``) and averages
    there. The resize is linear, so here the share of each small position in each class is summed up first, which takes
    four numbers a pixel whatever the number of channels, and then applied to the features.

    Args:
        feats: Feature maps, shape (B, C, h, w).
        labels: Label maps, int64, shape (B, 1, H, W), in 0..num_classes; ``num_classes`` marks void pixels.
        num_classes: Number of classes.
        keep_void: Make a last region of all void pixels too.

    Returns:
        Means of the R classes that are present, shape (R, C), and their labels in ascending order, int64, shape (R,).
    """
    num_images, channels, height, width = feats.shape
    region_labels, regions = labels.squeeze(1).unique(return_inverse=True)
    num_positions = num_images * height * width
    starts = regions * num_positions + torch.arange(num_images, device=feats.device)[:, None, None] * (height * width)
    shares = feats.new_zeros(len(region_labels) * num_positions)
    for rows, row_shares in _bilinear(labels.shape[2], height, feats):
        for columns, column_shares in _bilinear(labels.shape[3], width, feats):
            index = starts + (rows[:, None] * width + columns)
            weights = (row_shares[:, None] * column_shares).expand(num_images, -1, -1)
            shares.scatter_add_(0, index.flatten(), weights.flatten())
    sums = shares.view(-1, num_positions) @ feats.permute(0, 2, 3, 1).reshape(num_positions, channels)
    sizes = torch.bincount(regions.flatten(), minlength=len(region_labels))
    means = sums / sizes[:, None]
    if keep_void:
        return means, region_labels
    is_class = region_labels < num_classes
    return means[is_class], region_labels[is_class]


def _bilinear(size: int, source_size: int, like: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Both neighbours of each position of an enlarged axis and their shares, all of shape (size,); corners aligned."""
    scale = (source_size - 1) / (size - 1) if size > 1 else 0.0
    positions = scale * torch.arange(size, device=like.device, dtype=like.dtype)
    lower = positions.long().clamp(max=source_size - 1)
    upper = (lower + 1).clamp(max=source_size - 1)
    upper_share = positions - lower
    return [(lower, 1 - upper_share), (upper, upper_share)]


@full_precision
def region_loss(
    logits: Tensor, labels: Tensor, *, smooth: float = 1.0, prior: Tensor | None = None, keep: Tensor | None = None
) -> Tensor:
    """Cross entropy of regions against smoothed targets, shifted by the log of the class frequencies.

    Args:
        logits: Scores of the regions, shape (R, num_classes); R may be 0.
        labels: Class of each region, int64, shape (R,). A label that is no class has no true class: all classes get
            what the other classes get of a class.
        smooth: Share of the true class in the target; the rest is spread evenly over the other classes.
        prior: Class frequencies, float64, shape (num_classes,); None adds nothing to the logits.
        keep: Which regions count, bool, shape (R,); None for all.

    Returns:
        Scalar: summed cross entropy, divided by the summed targets; 0 without a region.
    """
    num_classes = logits.shape[1]
    if prior is not None:
        logits = logits + torch.log(prior + 1e-12).to(logits.dtype)
    log_probs = logits.log_softmax(1)
    other_share = (1 - smooth) / (num_classes - 1)
    is_class = (labels < num_classes).to(logits.dtype)
    true_log_probs = log_probs.gather(1, labels.clamp(max=num_classes - 1)[:, None]).squeeze(1)
    entropies = -other_share * log_probs.sum(1) - (smooth - other_share) * is_class * true_log_probs
    target_sums = num_classes * other_share + (smooth - other_share) * is_class
    if keep is not None:
        entropies, target_sums = entropies * keep, target_sums * keep
    return entropies.sum() / (target_sums.sum() + 1e-12)
