"""What a class prior, added to logits afterwards, would change: chosen on one half of images, measured on the other.

It is the sweep of ``tau`` for who has no validation images, with the sign turned: what is added is ``-tau`` times the
log share.
"""

from dataclasses import dataclass

import numpy as np

from .adjusting import TAUS, best_of, halves, log_shares

STRENGTHS = -np.array(TAUS[::-1])


@dataclass(frozen=True)
class PriorSweep:
    """Accuracy by what is added: a multiple of the log share of each class among the training images.

    Attributes:
        macro, overall: Pairs of multiple and percentage; the mean over classes, and the one over images.
        best: Multiple with the highest macro accuracy.
        before: Macro accuracy as it is.
        honest: Macro accuracy where the multiple of each half of the images is chosen on the other half.
        error: Standard error of the difference of the two.
    """

    macro: list[tuple[float, float]]
    overall: list[tuple[float, float]]
    best: float
    before: float
    honest: float
    error: float


def sweep_prior(scores: np.ndarray, labels: np.ndarray, class_counts: np.ndarray) -> PriorSweep:
    """Try priors of all strengths, cross-checked on two halves of the images.

    Args:
        scores: Logits, shape (N, C).
        labels: True classes, shape (N,).
        class_counts: Training images of each class, shape (C,).

    Example:
        >>> scores, labels = np.log([[0.6, 0.4]] * 4 + [[0.7, 0.3]] * 4), np.array([1] * 4 + [0] * 4)
        >>> found = sweep_prior(scores, labels, class_counts=np.array([30, 10]))
        >>> found.before, found.best, found.honest  # less of the frequent class is better
        (50.0, -0.5, 100.0)
    """
    shares = log_shares(class_counts).astype(scores.dtype)
    pieces = np.array_split(scores, max(1, len(scores) // 64))  # each stays in the cache
    preds = [[(piece + s * shares).argmax(1) for s in STRENGTHS.tolist()] for piece in pieces]
    right = np.concatenate(preds, axis=1) == labels
    weights = 1 / np.bincount(labels)[labels] / len(np.unique(labels))
    macro, plain = right @ weights, int(np.flatnonzero(STRENGTHS == 0)[0])
    half = halves(labels)
    # Of one class the halves may be uneven: weights are those of the whole.
    chosen = [best_of(right[:, half == part] @ weights[half == part], np.abs(STRENGTHS)) for part in (0, 1)]
    crossed = np.where(half == 0, right[chosen[1]], right[chosen[0]])
    change = (crossed.astype(float) - right[plain]) * weights
    places = STRENGTHS.tolist()
    return PriorSweep(
        macro=list(zip(places, (100 * macro).tolist(), strict=True)),
        overall=list(zip(places, (100 * right.mean(1)).tolist(), strict=True)),
        best=places[best_of(macro, np.abs(STRENGTHS))],
        before=100 * float(macro[plain]),
        honest=100 * float(crossed @ weights),
        error=100 * float(np.sqrt(len(change) * change.var())),
    )
