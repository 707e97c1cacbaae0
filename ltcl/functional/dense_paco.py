"""Parametric contrastive loss among thousands of pixels, without a matrix of all their pairs."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .checks import check_shapes
from .class_sums import class_sums
from .log_sums import PUBLISHED_EPS, log_sum_exp
from .logit_adjustment import log_prior
from .precision import full_precision
from .scaling import temperature_ratio
from .tiles import symmetric_ranges


class NeighbourSums(torch.autograd.Function):
    r"""Sum over the other rows of the exponential of the similarity, relative to the row's similarity to itself.

    .. math:: S_i = \sum_{j \ne i} \exp(z_i \cdot z_j / T - d_i), \quad d_i = z_i \cdot z_i / T \text{ (a constant)}

    With :math:`E_{ij} = \exp(z_i \cdot z_j / T - d_i / 2 - d_j / 2)`, which is symmetric and at most 1, one half of the
    pairs is enough, and no row maximum has to be found. The pairs are visited tile by tile, once in the forward and
    once more in the backward pass; kept in between are the rows. A term that underflows is far below the 1e-12 that the
    published denominator adds. First derivatives only.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, temperature: float) -> Tensor:
        """Sums (B, N) of the rows (B, N, D) of each of B sets."""
        half_norms = rows.square().sum(2) / (2 * temperature)
        weights = (half_norms - half_norms.amax(1, keepdim=True)).exp_()
        sums = torch.zeros_like(half_norms)
        for here, rest, tile in _tiles(rows, half_norms, temperature):
            num_rows = tile.shape[1]
            sums[:, here] += (tile @ weights[:, rest, None]).squeeze(2)
            sums[:, rest][:, num_rows:] += (tile[..., num_rows:].mT @ weights[:, here, None]).squeeze(2)
        ctx.save_for_backward(rows, half_norms, weights)
        ctx.temperature = temperature
        return sums.div_(weights)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Gradient for the rows from that of the sums, shape (B, N)."""
        rows, half_norms, weights = ctx.saved_tensors
        # A pair (i, j) stands in the sums of i and of j: E_ij (g_i w_j / w_i + g_j w_i / w_j), a product of rank 2.
        left = torch.stack([grad / weights, weights], 2)
        right = left.flip(2)
        grad_rows = torch.zeros_like(rows)
        with torch.autocast(rows.device.type, enabled=False):  # a backward pass may be called within one
            for here, rest, tile in _tiles(rows, half_norms, ctx.temperature):
                num_rows = tile.shape[1]
                tile.mul_(left[:, here] @ right[:, rest].mT)
                grad_rows[:, here].baddbmm_(tile, rows[:, rest])
                grad_rows[:, rest][:, num_rows:].baddbmm_(tile[..., num_rows:].mT, rows[:, here])
        return grad_rows.div_(ctx.temperature), None


def _tiles(rows: Tensor, half_norms: Tensor, temperature: float) -> Iterator[tuple[slice, slice, Tensor]]:
    """Row range, range of this and all later rows, and E of the one with the other, the diagonal set to 0."""
    # Two more columns subtract the halves of the norms within the matrix product.
    ones, halves = torch.ones_like(half_norms)[..., None], -half_norms[..., None]
    left, right = torch.cat([rows / temperature, halves, ones], 2), torch.cat([rows, ones, halves], 2)
    for here, rest in symmetric_ranges(rows.shape[1], len(rows), rows.device):
        tile = (left[:, here] @ right[:, rest].mT).exp_()
        tile.diagonal(dim1=1, dim2=2).zero_()
        yield here, rest, tile


@full_precision
@check_shapes(anchors='B N D', labels='B N', rows='B M D', row_labels='B M', logits='B N C')
def dense_paco_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    logits: Tensor,
    class_counts: Tensor | None = None,
    temperature: float = 0.07,
    base_temperature: float | None = None,
    alpha: float = 0.01,
    beta: float = 1.0,
    gamma: float = 1.0,
    reduction: str = 'mean',
) -> Tensor:
    """GPaCo's loss among the pixels of each image.

    From `Generalized Parametric Contrastive Learning <https://arxiv.org/abs/2209.12400>`_. The pixels of an image are
    anchors and contrast rows at once; images do not meet. Without void pixels it is :func:`paco_loss` of each image.
    Void pixels are no anchors, yet they stay in the denominators of the others.

    Args:
        anchors: Unit embeddings of the pixels of B images, shape (B, N, D).
        labels: Class of each pixel, int64, shape (B, N); a value outside 0..num_classes-1 marks a void pixel.
        rows: Further unit rows that the pixels of each image are compared with, shape (B, M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (B, M); void as above.
        logits: Class logits of the pixels, shape (B, N, num_classes). They are not divided by the temperature.
        class_counts: Frequency per class, shape (num_classes,), whose log is added to the logits. None, as published,
            adds nothing.
        temperature: Divides the pixels' similarities, at least 0.01.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``. None means a factor of 1.
        alpha: Weight of each positive pixel against the class centre.
        beta: Weight of the class centre.
        gamma: Weight of pixels and further rows in the denominator.
        reduction: ``'mean'`` over the images, or ``'none'``.

    Returns:
        Scalar, or shape (B,). The loss of an image is the mean over its pixels that are not void, 0 without any.

    Differs from the original: the value is the same, but pairs of pixels are visited in tiles, so the memory grows with
    the number of pixels and not with its square. There are no further rows.

    Example:
        >>> import torch
        >>> pixels, labels = torch.eye(2)[None], torch.tensor([[0, 255]])
        >>> logits = torch.zeros(1, 2, 3)
        >>> dense_paco_loss(pixels, labels, pixels[:, :0], labels[:, :0], logits=logits)  # log(3 + exp(0))
        tensor(1.3863)
    """
    num_classes = logits.shape[2]
    is_valid = (labels >= 0) & (labels < num_classes)
    if class_counts is not None:
        logits = logits + log_prior(class_counts).to(logits.dtype)
    # Of a temperature that is learned, too, a constant.
    constant = temperature.detach() if isinstance(temperature, Tensor) else temperature
    self_similarity = anchors.detach().square().sum(2) / constant
    log_sum_rows, row_max = log_sum_exp(anchors / temperature, rows)
    # The published row maximum; a similarity above the one to itself would change the log by less than EPS / gamma.
    row_max = torch.maximum(torch.maximum(self_similarity, logits.detach().amax(2)), row_max)
    class_sum = (logits - row_max[..., None]).exp().sum(2)
    # The gradient of a tensor goes through the rows.
    scaled = (anchors * temperature.rsqrt(), 1.0) if isinstance(temperature, Tensor) else (anchors, temperature)
    pixel_sum = NeighbourSums.apply(*scaled) * (self_similarity - row_max).exp()
    pixel_sum = pixel_sum + (log_sum_rows - row_max).exp()
    log_denominator = row_max + (class_sum + gamma * pixel_sum + PUBLISHED_EPS).log()
    positive_sum, num_positives = _positives(anchors, labels, rows, row_labels, num_classes)
    centre_term = logits.gather(2, labels.where(is_valid, 0)[..., None]).squeeze(2)
    weight = beta + alpha * num_positives
    attraction = beta * centre_term + alpha / temperature * positive_sum
    per_pixel = (weight * log_denominator - attraction) / (weight + PUBLISHED_EPS)
    is_anchor = is_valid.to(per_pixel.dtype)
    per_image = (per_pixel * is_anchor).sum(1) / (is_anchor.sum(1) + PUBLISHED_EPS)
    return temperature_ratio(temperature, base_temperature) * (per_image.mean() if reduction == 'mean' else per_image)


def _positives(
    anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor, num_classes: int
) -> tuple[Tensor, Tensor]:
    """Summed dot products with the other rows of the same set and label, and their number, both of shape (B, N)."""
    first_bins = torch.arange(len(anchors), device=labels.device)[:, None] * (num_classes + 1)

    def bins(labels: Tensor) -> Tensor:
        """A bin for each class of each set, and one for its void rows."""
        return labels.where((labels >= 0) & (labels < num_classes), num_classes) + first_bins

    own = bins(labels)
    groups = (anchors.flatten(0, 1), own.flatten()), (rows.flatten(0, 1), bins(row_labels).flatten())
    sums, numbers = class_sums(len(anchors) * (num_classes + 1), *groups)
    return ((sums[own] - anchors).to(anchors.dtype) * anchors).sum(2), numbers[own] - 1
