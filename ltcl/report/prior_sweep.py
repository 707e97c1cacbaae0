"""What a class prior, added to logits afterwards, would change."""

from dataclasses import dataclass

import numpy as np

from .class_figures import Answers

STRENGTHS = np.linspace(-2, 2, 17)


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


def sweep(answers: Answers, class_counts: np.ndarray) -> PriorSweep:
    """Try priors of all strengths, cross-checked on two halves of the images.

    Args:
        answers: Saved predictions.
        class_counts: Training images of each class, shape (num_classes,).
    """
    shares = np.maximum(class_counts, 1) / np.maximum(class_counts, 1).sum()
    log_shares = np.log(shares).astype(answers.scores.dtype)
    pieces = np.array_split(answers.scores, max(1, len(answers.scores) // 64))  # each stays in the cache
    preds = [[(piece + s * log_shares).argmax(1) for s in STRENGTHS.tolist()] for piece in pieces]
    right = np.concatenate(preds, axis=1) == answers.labels
    weights = 1 / answers.counts(answers.labels)[answers.labels] / len(np.unique(answers.labels))
    macro, plain = right @ weights, int(np.flatnonzero(STRENGTHS == 0)[0])
    half = halves(answers.labels)
    # Of one class the halves may be uneven: weights are those of the whole.
    chosen = [best_of(right[:, half == part] @ weights[half == part]) for part in (0, 1)]
    crossed = np.where(half == 0, right[chosen[1]], right[chosen[0]])
    change = (crossed.astype(float) - right[plain]) * weights
    places = STRENGTHS.tolist()
    return PriorSweep(
        macro=list(zip(places, (100 * macro).tolist(), strict=True)),
        overall=list(zip(places, (100 * right.mean(1)).tolist(), strict=True)),
        best=places[best_of(macro)],
        before=100 * float(macro[plain]),
        honest=100 * float(crossed @ weights),
        error=100 * float(np.sqrt(len(change) * change.var())),
    )


def best_of(values: np.ndarray) -> int:
    """Place of the highest value, of equals the one that changes least."""
    tied = np.flatnonzero(values >= values.max() - 1e-12)
    return int(tied[np.argmin(np.abs(STRENGTHS[tied]))])


def halves(labels: np.ndarray) -> np.ndarray:
    """Half of each image, 0 or 1, such that each class is parted evenly; the same at each call."""
    order = np.random.default_rng(0).permutation(len(labels))
    order = order[np.argsort(labels[order], kind='stable')]
    half: np.ndarray = np.empty(len(labels), dtype=int)
    half[order] = np.arange(len(labels)) % 2
    return half
