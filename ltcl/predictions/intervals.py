"""How far a figure of few test images can be from the truth."""

import numpy as np

from .score_rows import row_blocks

DRAWS = 2000


def wilson_interval(hits: np.ndarray, totals: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of shares of right answers, Wilson's: sound for few images and for shares of 0 and 1.

    From `Probable Inference, the Law of Succession, and Statistical Inference
    <https://doi.org/10.1080/01621459.1927.10502953>`_, 1927.

    Args:
        hits: Right answers, shape (C,).
        totals: Images, shape (C,).
        confidence: Share of such intervals that hold the truth.

    Returns:
        Lower and upper ends, fractions, shape (C,) each; NaN without images.

    Example:
        >>> wilson_interval(np.array([10]), np.array([10]))
        (array([0.7224672]), array([1.]))
    """
    from scipy.stats import norm  # half a second, which a training need not pay for at its start

    z = norm.ppf((1 + confidence) / 2)
    with np.errstate(divide='ignore', invalid='ignore'):
        totals = np.where(totals > 0, totals, np.nan)
        share = hits / totals
        centre = (share + z**2 / (2 * totals)) / (1 + z**2 / totals)
        half = z * np.sqrt(share * (1 - share) / totals + z**2 / (4 * totals**2)) / (1 + z**2 / totals)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def macro_interval(
    hits: np.ndarray, totals: np.ndarray, confidence: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Interval of the mean of the class accuracies, by a bootstrap that draws the images of each class anew.

    A class with one test image, or with none or all right, is always drawn alike: the interval is too narrow for sets
    of many such classes.

    Args:
        hits: Right answers of each class, shape (C,).
        totals: Images of each class, shape (C,); classes without images count nowhere.
        confidence: Share of draws within the interval.
        draws: How often all images are drawn.
        seed: Of the draws.

    Returns:
        Lower and upper end, fractions; NaN without images.

    Example:
        >>> low, high = macro_interval(np.array([9, 1]), np.array([10, 2]))  # class accuracies 0.9 and 0.5
        >>> round(low, 2), round(high, 2)
        (0.4, 1.0)
    """
    hits, totals = hits[totals > 0], totals[totals > 0]
    if not len(totals):
        return float('nan'), float('nan')
    # Of n images drawn from n, each is right with the class's accuracy.
    generator, means = np.random.default_rng(seed), np.empty(draws)
    for part in row_blocks((draws, len(totals))):
        drawn = generator.binomial(totals, hits / totals, size=(part.stop - part.start, len(totals)))
        means[part] = (drawn / totals).mean(axis=1)
    ends = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(ends[0]), float(ends[1])
