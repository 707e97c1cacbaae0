"""Cross entropy with label smoothing that is stronger for more frequent classes."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ltcl.value_ranges import check_choice

from .checks import check_shapes
from .precision import full_precision

CURVES: dict[str, Callable[[Tensor], Tensor]] = {
    'concave': lambda share: torch.sin(math.pi / 2 * share),
    'linear': lambda share: share,
    'convex': lambda share: 1 + torch.sin(math.pi / 2 * (3 + share)),
}


def curve_of(form: str) -> Callable[[Tensor], Tensor]:
    """The function from 0..1 to 0..1 that a form names.

    Raises:
        UserError: There is no such form.
    """
    check_choice('form of label-aware smoothing', form, CURVES)
    return CURVES[form]


@check_shapes()
def label_aware_smoothing(
    class_counts: Tensor, *, smooth_head: float, smooth_tail: float, form: str = 'concave'
) -> Tensor:
    r"""Smoothing of each class: from ``smooth_tail`` of the smallest to ``smooth_head`` of the largest.

    From `Improving Calibration for Long-Tailed Recognition <https://arxiv.org/abs/2104.00466>`_: the more images of a
    class there are, the more the network is over-confident of it. With :math:`s_y = (N_y - N_K) / (N_1 - N_K)`, where
    N_1 and N_K are the largest and the smallest class, :math:`\epsilon_y = \epsilon_K + (\epsilon_1 - \epsilon_K)
    f(s_y)`.

    Args:
        class_counts: Training images per class, shape (num_classes,).
        smooth_head: Of the largest class.
        smooth_tail: Of the smallest class that has images.
        form: f is sin(pi s / 2) if ``'concave'``, s if ``'linear'``, 1 + sin(3 pi / 2 + pi s / 2) if ``'convex'``.

    Returns:
        float64 tensor of shape (num_classes,).

    Raises:
        UserError: Another ``form``.

    Differs from the original: a class without images has ``smooth_tail``, as the smallest one with images; where all
    classes are of one size they have ``smooth_head``, and not NaN.

    Example:
        >>> counts = torch.tensor([101, 51, 1])
        >>> label_aware_smoothing(counts, smooth_head=0.4, smooth_tail=0.1, form='linear')
        tensor([0.4000, 0.2500, 0.1000], dtype=torch.float64)
    """
    curve = curve_of(form)
    counts = class_counts.double()
    largest, smallest = counts.max(), counts.where(counts > 0, math.inf).min()
    share = ((counts - smallest) / (largest - smallest)).clamp_min(0).nan_to_num(1.0)
    return smooth_tail + (smooth_head - smooth_tail) * curve(share)


@full_precision
@check_shapes()
def label_aware_smoothing_loss(
    logits: Tensor,
    labels: Tensor,
    class_counts: Tensor,
    *,
    smooth_head: float,
    smooth_tail: float,
    form: str = 'concave',
    reduction: str = 'mean',
) -> Tensor:
    """Cross entropy in which class y keeps ``1 - smoothing_y`` of the target.

    Args:
        logits: Raw classifier outputs, shape (N, num_classes).
        labels: Class ids, int64, shape (N,).
        class_counts: Training images per class, shape (num_classes,).
        smooth_head: See :func:`label_aware_smoothing`.
        smooth_tail: See there.
        form: See there.
        reduction: ``'mean'`` or ``'none'``.

    Returns:
        Scalar, or shape (N,) with ``reduction='none'``.

    Differs from the paper, as its code does: the smoothing is shared out among all classes, ``smoothing_y / C`` each;
    the formula of the paper gives ``smoothing_y / (C - 1)`` to the others and nothing to class y.

    Example:
        >>> logits, labels = torch.tensor([[3.0, 0.0]]).log_softmax(1), torch.tensor([0])
        >>> counts = torch.tensor([10, 1])
        >>> label_aware_smoothing_loss(logits, labels, counts, smooth_head=0.4, smooth_tail=0.1)  # 0.0486 + 0.2 * 3
        tensor(0.6486)
    """
    of_classes = label_aware_smoothing(class_counts, smooth_head=smooth_head, smooth_tail=smooth_tail, form=form)
    smoothing = of_classes.to(logits.dtype)[labels]
    log_shares = logits.log_softmax(1)
    own = log_shares.gather(1, labels[:, None]).squeeze(1)
    per_image = -(1 - smoothing) * own - smoothing * log_shares.mean(1)
    return per_image if reduction == 'none' else per_image.mean()
