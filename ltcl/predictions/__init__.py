"""Predictions of a test in a file of numbers, which any later figure can be computed from without the model."""

from .saved import FORMAT, SavedPredictions, load_predictions, save_predictions

__all__ = ['FORMAT', 'SavedPredictions', 'load_predictions', 'save_predictions']
