"""From one class mix to another: what is added to logits, and which mix unlabelled images have."""

import torch
import torch.nn.functional as F
from torch import Tensor

TOLERANCE, MAX_STEPS = 1e-8, 2000


def shares_of(class_counts: Tensor, power: float) -> Tensor:
    """Class mix that is proportional to a power of the training images per class.

    Args:
        class_counts: Shape (num_classes,).
        power: 1 is the natural mix, 0 the balanced one.

    Returns:
        float64 shares of shape (num_classes,), of the sum 1. Of a class without images the share is that of one with
        one image, unless the mix is the natural one, where it is 0.

    Example:
        >>> shares_of(torch.tensor([90, 10]), power=1)
        tensor([0.9000, 0.1000], dtype=torch.float64)
        >>> shares_of(torch.tensor([90, 10]), power=0)
        tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    counts = class_counts.double()
    weights = counts if power == 1 else counts.clamp_min(1) ** power
    return weights / weights.sum()


def log_ratio(source: Tensor, target: Tensor) -> Tensor:
    """What turns logits that answer for one class mix into logits for another: ``log(target / source)``.

    By Bayes' rule, where the classes look alike in both: Saerens et al., `Adjusting the Outputs of a Classifier to New
    a Priori Probabilities <https://doi.org/10.1162/089976602753284446>`_, 2002.

    Args:
        source: Shares of the classes that the logits answer for, shape (num_classes,). A share of 0 counts as the
            smallest of the others.
        target: Shares of the classes that they shall answer for.

    Returns:
        float64, shape (num_classes,); -inf of a class that has no share of the target.

    Example:
        >>> import torch
        >>> log_ratio(torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])).exp()
        tensor([0.6667, 2.0000], dtype=torch.float64)
    """
    source = source.double()
    return target.double().log() - source.clamp_min(source[source > 0].min()).log()


def estimate_shares(logits: Tensor, source: Tensor) -> Tensor:
    """Class mix of unlabelled images, by expectation maximisation: the shares that explain the answers best.

    From Saerens et al., 2002, see :func:`log_ratio`. It is as good as the answers are calibrated.

    Args:
        logits: Of the images, shape (N, num_classes).
        source: Shares of the classes that the logits answer for, shape (num_classes,).

    Returns:
        float64 shares, shape (num_classes,), of the sum 1.

    Example:
        >>> sure = torch.tensor([[9.0, -9.0], [9.0, -9.0], [9.0, -9.0], [-9.0, 9.0]])
        >>> estimate_shares(sure, source=torch.tensor([0.5, 0.5]))
        tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    log_scores = F.log_softmax(logits.double(), dim=1)
    num_classes = log_scores.shape[1]
    shares = torch.full_like(log_scores[0], 1 / num_classes)
    # How well each class explains an image, whatever the shares are; up to a factor of the image, which cancels.
    fits = log_scores + log_ratio(source, torch.ones_like(shares))
    fits = (fits - fits.amax(dim=1, keepdim=True)).exp()
    for _ in range(MAX_STEPS):
        updated = shares * (fits.T @ (fits @ shares).reciprocal()) / len(fits)
        change = (updated - shares).abs().max()
        shares = updated
        if change < TOLERANCE:
            break
    return shares
