"""Saved predictions of no model."""

import numpy as np

from ltcl.predictions import SavedPredictions

COUNTS = (300, 150, 60, 5)


def random_predictions(seed=0, num_images=200, counts=COUNTS):
    """Answers of a model that is right more often than not, on balanced images."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(counts), num_images)
    scores = rng.normal(size=(num_images, len(counts))).astype(np.float32)
    scores[np.arange(num_images), labels] += 1
    names = np.array([f'class {label}' for label in range(len(counts))])
    return SavedPredictions(
        scores, labels, np.full(num_images, ''), names, np.array(counts), 'test', 'run/epoch_1', frequency_power=1.0
    )
