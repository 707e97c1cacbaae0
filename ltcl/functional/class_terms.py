"""What the losses of samples need of the class logits beside them, without a second copy of these."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class ClassTerms(NamedTuple):
    """Sums over the class terms of each anchor; every entry has shape (N,)."""

    log_sum_exp: Tensor
    """Log of the summed exponentials."""
    own: Tensor
    """Term of the anchor's class."""
    total: Tensor
    """Sum of all terms."""
    row_max: Tensor
    """Largest term, without gradient."""


class LogitSums(torch.autograd.Function):
    """The sums of :class:`ClassTerms`, whose gradients meet in one matrix. First derivatives only."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, labels: Tensor, bias: Tensor | None, divisor: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reduce the terms ``(logits + bias) / divisor``; arguments as for :func:`class_terms`."""
        terms = _terms(logits, bias, divisor)
        own, total, row_max = terms.gather(1, labels[:, None]).squeeze(1), terms.sum(1), terms.amax(1)
        log_sums = terms.sub_(row_max[:, None]).exp_().sum(1).log_().add_(row_max)
        ctx.save_for_backward(logits, labels, bias, log_sums)
        ctx.divisor = divisor
        ctx.mark_non_differentiable(row_max)
        return log_sums, own, total, row_max

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_log_sum: Tensor, grad_own: Tensor, grad_total: Tensor, _: Tensor
    ) -> tuple[Tensor | None, ...]:
        """Gradient for the logits from those of the three sums."""
        logits, labels, bias, log_sums = ctx.saved_tensors
        grad = _terms(logits, bias, ctx.divisor).sub_(log_sums[:, None]).exp_().mul_(grad_log_sum[:, None])
        grad.scatter_add_(1, labels[:, None], grad_own[:, None])
        return grad.add_(grad_total[:, None]).div_(ctx.divisor), None, None, None


def _terms(logits: Tensor, bias: Tensor | None, divisor: float) -> Tensor:
    return logits / divisor if bias is None else (logits + bias).div_(divisor)


def class_terms(logits: Tensor, labels: Tensor, bias: Tensor | None = None, divisor: float = 1.0) -> ClassTerms:
    """Reduce the terms ``(logits + bias) / divisor``.

    Args:
        logits: Shape (N, num_classes).
        labels: Class of each anchor, int64, shape (N,).
        bias: Added to the logits of each class, without gradient, shape (num_classes,).
        divisor: Divides their sum.
    """
    return ClassTerms(*LogitSums.apply(logits, labels, bias, divisor))
