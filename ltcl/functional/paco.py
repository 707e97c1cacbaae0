"""Parametric contrastive loss of PaCo and GPaCo."""

import math

import torch
from torch import Tensor

from .checks import check_shapes
from .class_terms import class_terms
from .contrast import contrast_terms
from .log_sums import published_log_denominator
from .logit_adjustment import log_prior
from .precision import full_precision
from .scaling import temperature_ratio


@full_precision
@check_shapes()
def paco_loss(
    anchors: Tensor,
    labels: Tensor,
    rows: Tensor,
    row_labels: Tensor,
    *,
    logits: Tensor,
    class_counts: Tensor | None = None,
    temperature: float = 0.2,
    base_temperature: float | None = None,
    alpha: float = 0.05,
    beta: float = 1.0,
    gamma: float = 1.0,
    supt: float = 1.0,
    smoothing: float = 0.0,
) -> Tensor:
    r"""Supervised contrast in which the classes' centres stand beside the samples.

    From `Parametric Contrastive Learning <https://arxiv.org/abs/2107.12028>`_ and `Generalized Parametric Contrastive
    Learning <https://arxiv.org/abs/2209.12400>`_. With class terms :math:`u_{ic} = (s_{ic} + \log \pi_c) / supt`,
    sample terms :math:`v_{ij} = a_i \cdot z_j / T` and positives :math:`P(i)` (same class, the anchor left out):

    .. math::
        \ell_i = \log\left(\sum_c e^{u_{ic}} + \gamma \sum_{j \ne i} e^{v_{ij}}\right)
                 - \frac{\beta \sum_c t_{ic} u_{ic} + \alpha \sum_{j \in P(i)} v_{ij}}{\beta + \alpha |P(i)|}

    Args:
        anchors: Unit embeddings that are compared and are contrast rows too, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        rows: Further unit rows, keys and queue, shape (M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (M,); -1 makes it nobody's positive.
        logits: Class logits of the anchors' images, without prior, shape (N, num_classes).
        class_counts: Training images per class, shape (num_classes,). None adds no prior to the class logits.
        temperature: T, divides the sample similarities; not applied to the logits.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``. None means a factor of 1.
        alpha: Weight of each positive sample against the class centre.
        beta: Weight of the class centre. With 0 an anchor without a positive contributes 0.
        gamma: Weight of the sample terms in the denominator; 0 leaves them out of it.
        supt: Divides the class logits after the prior is added.
        smoothing: Share of the centre's target spread evenly over the other classes, in 0..1.

    Returns:
        Scalar mean over anchors.

    Differs from the original: the weights are normalised per anchor as in the published code; the papers display a
    plain weighted sum. The value is the same, but no mask, one-hot matrix or second copy of the similarities is built.

    Example:
        >>> import torch
        >>> anchors, labels = torch.eye(2), torch.tensor([0, 1])
        >>> paco_loss(anchors, labels, anchors[:0], labels[:0], logits=torch.zeros(2, 2), gamma=0.0)  # log(2)
        tensor(0.6931)
    """
    num_classes = logits.shape[1]
    terms = contrast_terms(anchors, labels, rows, row_labels, num_classes=num_classes, temperature=temperature)
    prior = None if class_counts is None else log_prior(class_counts).to(logits.dtype)
    centres = class_terms(logits, labels, prior, supt)
    centre_term = centres.own
    if smoothing:
        others = (centres.total - centre_term) / (num_classes - 1)
        centre_term = (1 - smoothing) * centre_term + smoothing * others
    log_denominator = published_log_denominator(
        centres.log_sum_exp,
        terms.log_sum_exp + (math.log(gamma) if gamma else -math.inf),
        row_max=torch.maximum(terms.row_max, centres.row_max),
    )
    weight = beta + alpha * terms.num_positives
    if not beta:
        weight = weight.where(terms.num_positives > 0, 1.0)
        log_denominator = log_denominator.where(terms.num_positives > 0, 0.0)
    attraction = (beta * centre_term + alpha * terms.positive_sum) / weight
    return temperature_ratio(temperature, base_temperature) * (log_denominator - attraction).mean()
