"""Predictions whose labels are drawn with the probabilities that the scores once stood for."""

import numpy as np

from ltcl.predictions import SavedPredictions
from ltcl.predictions.adjusting import log_shares

COUNTS = np.array([400, 120, 60, 25, 5])


def drawn(num_images=4000, factor=1.0, strength=0.0, seed=0, counts=COUNTS):
    """Scores, times a factor and less a prior, of labels that are drawn with the probabilities they stand for."""
    rng = np.random.default_rng(seed)
    prior = log_shares(counts)
    logits = rng.normal(size=(num_images, len(counts))) * 2 + prior
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(1)  # a class with the softmax of its logit
    names = np.array([f'class {label}' for label in range(len(counts))])
    scores = ((logits - strength * prior) * factor).astype(np.float32)
    return SavedPredictions(scores, labels, np.full(num_images, ''), names, counts, 'val', 'run/best')
