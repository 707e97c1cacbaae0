"""Slow plain forms of the segmentation losses, written from the published formulas."""

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-12


def loop_set_loss(
    rows: Tensor,
    labels: Tensor,
    logits: Tensor,
    *,
    temperature: float,
    alpha: float,
    beta: float = 1.0,
    gamma: float = 1.0,
    base_temperature: float | None = None,
) -> Tensor:
    """GPaCo among the pixels of one image, one pair after the other; rows (N, D), logits (N, num_classes)."""
    num_rows, num_classes = logits.shape
    total, num_valid = 0 * rows.sum() + 0 * logits.sum(), 0
    for i in range(num_rows):
        label = int(labels[i])
        if not 0 <= label < num_classes:
            continue
        terms = [torch.dot(rows[i], row) / temperature for row in rows]
        largest = max(term.item() for term in [*terms, *logits[i]])
        others = [j for j in range(num_rows) if j != i]
        denominator = sum(torch.exp(term - largest) for term in logits[i]) + EPS
        for j in others:
            denominator = denominator + gamma * torch.exp(terms[j] - largest)
        log_denominator = torch.log(denominator)
        positives = [j for j in others if labels[j] == label]
        weighted = beta * (logits[i, label] - largest - log_denominator)
        for j in positives:
            weighted = weighted + alpha * (terms[j] - largest - log_denominator)
        total = total - weighted / (beta + alpha * len(positives) + EPS)
        num_valid += 1
    scale = 1.0 if base_temperature is None else temperature / base_temperature
    return scale * total / max(1, num_valid)


def masked_set_loss(rows: Tensor, labels: Tensor, logits: Tensor, *, temperature: float, alpha: float) -> Tensor:
    """The same as it is usually written: masks, one-hot targets and a whole matrix of log probabilities."""
    num_rows, num_classes = logits.shape
    is_valid = (labels < num_classes).to(rows.dtype)
    not_self = 1 - torch.eye(num_rows, dtype=rows.dtype, device=rows.device)
    positive = (labels[:, None] == labels[None, :]).to(rows.dtype) * not_self
    targets = F.one_hot(labels, num_classes + 1)[:, :num_classes].to(rows.dtype)
    weights = torch.cat([targets, alpha * positive], 1)
    terms = torch.cat([logits, rows @ rows.T / temperature], 1)
    terms = terms - terms.detach().amax(1, keepdim=True)
    in_denominator = torch.cat([torch.ones_like(logits), not_self], 1)
    log_denominator = torch.log((terms.exp() * in_denominator).sum(1, keepdim=True) + EPS)
    per_pixel = -(weights * (terms - log_denominator)).sum(1) / (weights.sum(1) + EPS)
    return (is_valid * per_pixel).sum() / (is_valid.sum() + EPS)


def masked_pixel_paco_loss(
    embeddings: Tensor, seg_logits: Tensor, labels: Tensor, index: Tensor, *, temperature: float, alpha: float
) -> Tensor:
    """Mean over the images of :func:`masked_set_loss` at the drawn positions of each; maps as ``pixel_paco_loss``."""
    losses = []
    for embedding, logits, label, drawn in zip(embeddings, seg_logits, labels, index, strict=True):
        rows = F.normalize(embedding.flatten(1).T, dim=1)[drawn]
        args = (rows, label.flatten()[drawn], logits.flatten(1).T[drawn])
        losses.append(masked_set_loss(*args, temperature=temperature, alpha=alpha))
    return torch.stack(losses).mean()


def enlarged_region_means(feats: Tensor, labels: Tensor, num_classes: int) -> dict[int, Tensor]:
    """Mean of the enlarged features over the pixels of each label in 0..num_classes that is present."""
    enlarged = F.interpolate(feats, labels.shape[2:], mode='bilinear', align_corners=True).permute(0, 2, 3, 1)
    pixels = {label: enlarged[labels.squeeze(1) == label] for label in range(num_classes + 1)}
    return {label: rows.mean(0) for label, rows in pixels.items() if len(rows)}


def loop_region_loss(logits: Tensor, labels: Tensor, smooth: float, prior: Tensor) -> Tensor:
    """Smoothed cross entropy of regions, one score after the other."""
    num_classes = logits.shape[1]
    total, target_sum = 0 * logits.sum(), 0.0
    for row, label in zip(logits, labels.tolist(), strict=True):
        log_probs = (row + torch.log(prior + EPS)).log_softmax(0)
        for c in range(num_classes):
            target = smooth if c == label else (1 - smooth) / (num_classes - 1)
            total, target_sum = total - target * log_probs[c], target_sum + target
    return total / (target_sum + EPS)


def loop_lovasz_loss(probs: Tensor, labels: Tensor) -> Tensor:
    """Lovász extension of the Jaccard loss for each class that is present, from the definition with sets.

    Args:
        probs: Class probabilities of the pixels, shape (P, num_classes).
        labels: Classes, shape (P,), all valid.
    """
    losses = []
    for c in labels.unique().tolist():
        is_class = labels == c
        errors = (is_class.to(probs.dtype) - probs[:, c]).abs()
        wrong: set[int] = set()
        truth = set(is_class.nonzero().flatten().tolist())
        loss, before = 0 * errors.sum(), 0.0
        for pixel in errors.argsort(descending=True).tolist():
            wrong.add(pixel)
            # Jaccard loss of the prediction that is wrong at exactly these pixels
            intersection, union = len(truth - wrong), len(truth | wrong)
            now = 1 - intersection / union
            loss, before = loss + errors[pixel] * (now - before), now
        losses.append(loss)
    return torch.stack(losses).mean()
