"""Parametric contrastive loss among thousands of pixels, without a matrix of all their pairs."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from .logit_adjustment import log_prior
from .precision import full_precision

EPS = 1e-12
# Elements of a tile: on a CPU it should stay in the cache, on a GPU it should keep all cores busy.
CPU_TILE, GPU_TILE = 2**21, 2**25


class NeighbourSums(torch.autograd.Function):
    r"""Sum over the other rows of the exponential of the similarity, relative to the row's similarity to itself.

    .. math:: S_i = \sum_{j \ne i} \exp(z_i \cdot z_j / T - d_i), \quad d_i = z_i \cdot z_i / T \text{ (a constant)}

    With :math:`E_{ij} = \exp(z_i \cdot z_j / T - d_i / 2 - d_j / 2)`, which is symmetric and at most 1, one half of the
    pairs is enough, and no row maximum has to be found. The pairs are visited tile by tile, once in the forward and
    once more in the backward pass; kept in between are the rows. A term that underflows is far below the 1e-12 that the
    published denominator adds. First derivatives only.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, rows: Tensor, temperature: float) -> Tensor:
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
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
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
    num_sets, num_rows, _ = rows.shape
    # Two more columns subtract the halves of the norms within the matrix product.
    ones, halves = torch.ones_like(half_norms)[..., None], -half_norms[..., None]
    left, right = torch.cat([rows / temperature, halves, ones], 2), torch.cat([rows, ones, halves], 2)
    size = max(1, (GPU_TILE if rows.is_cuda else CPU_TILE) // max(1, num_sets * num_rows))
    for start in range(0, num_rows, size):
        here, rest = slice(start, start + size), slice(start, None)
        tile = (left[:, here] @ right[:, rest].mT).exp_()
        tile.diagonal(dim1=1, dim2=2).zero_()
        yield here, rest, tile


@full_precision
def dense_paco_loss(
    embeddings: Tensor,
    labels: Tensor,
    logits: Tensor,
    *,
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
    anchors and contrast rows at once; images do not meet. Without void pixels it is :func:`paco_loss` of each image
    without further rows. Void pixels are no anchors, yet they stay in the denominators of the others.

    Args:
        embeddings: Unit embeddings of B images, shape (B, N, D).
        labels: Class of each pixel, int64, shape (B, N); a value outside 0..num_classes-1 marks a void pixel.
        logits: Class logits of the pixels, shape (B, N, num_classes). They are not divided by the temperature.
        class_counts: Frequency per class, shape (num_classes,), whose log is added to the logits. None, as published,
            adds nothing.
        temperature: Divides the pixels' similarities, at least 0.01.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``. None means a factor of 1.
        alpha: Weight of each positive pixel against the class centre.
        beta: Weight of the class centre.
        gamma: Weight of the pixels in the denominator.
        reduction: ``'mean'`` over the images, or ``'none'``.

    Returns:
        Scalar, or shape (B,). The loss of an image is the mean over its pixels that are not void, 0 without any.

    Differs from the original: the value is the same, but pairs of pixels are visited in tiles, so the memory grows with
    the number of pixels and not with its square.
    """
    num_classes = logits.shape[2]
    is_valid = (labels >= 0) & (labels < num_classes)
    if class_counts is not None:
        logits = logits + log_prior(class_counts).to(logits.dtype)
    self_similarity = embeddings.detach().square().sum(2) / temperature
    # The published row maximum; a similarity above the one to itself would change the log by less than EPS / gamma.
    row_max = torch.maximum(self_similarity, logits.detach().amax(2))
    class_sum = (logits - row_max[..., None]).exp().sum(2)
    pixel_sum = NeighbourSums.apply(embeddings, temperature) * (self_similarity - row_max).exp()
    log_denominator = row_max + (class_sum + gamma * pixel_sum + EPS).log()
    positive_sum, num_positives = _positives(embeddings, labels.where(is_valid, num_classes), num_classes)
    centre_term = logits.gather(2, labels.where(is_valid, 0)[..., None]).squeeze(2)
    weight = beta + alpha * num_positives
    attraction = beta * centre_term + alpha / temperature * positive_sum
    per_pixel = (weight * log_denominator - attraction) / (weight + EPS)
    is_anchor = is_valid.to(per_pixel.dtype)
    per_image = (per_pixel * is_anchor).sum(1) / (is_anchor.sum(1) + EPS)
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * (per_image.mean() if reduction == 'mean' else per_image)


def _positives(rows: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Summed dot products with the other rows of the same set and label, and their number, both of shape (B, N)."""
    num_sets = len(rows)
    groups = labels + torch.arange(num_sets, device=labels.device)[:, None] * (num_classes + 1)
    flat = groups.flatten()
    # In float64: thousands of nearly equal rows of one class, added up one by one, lose four digits in float32.
    sums = rows.new_zeros(num_sets * (num_classes + 1), rows.shape[2], dtype=torch.float64)
    sums = sums.index_add(0, flat, rows.flatten(0, 1).double())
    others = (sums[groups] - rows).to(rows.dtype)
    sizes = torch.bincount(flat, minlength=len(sums)).to(rows.dtype)
    return (others * rows).sum(2), sizes[groups] - 1
