"""Figures of each class of a segmentation from saved answers. All are percentages; NaN stands for what is not there."""

import numpy as np

from ltcl.predictions.saved_scenes import SavedScenes

from .confusions import Confusions

DRAWS = 200
FEWEST_IMAGES = 5
"""Images that show a class, below which drawing them anew tells nothing of others."""


def scene_confusions(scenes: SavedScenes) -> Confusions:
    """Pixels by true and predicted class."""
    number = len(scenes.classes)
    places, numbers = scenes.entries[:, 1] * number + scenes.entries[:, 2], scenes.entries[:, 3]
    present, inverse = np.unique(places, return_inverse=True)
    sums = np.zeros(len(present), dtype=np.int64)
    np.add.at(sums, inverse, numbers)
    pairs = {divmod(place, number): count for place, count in zip(present.tolist(), sums.tolist(), strict=True)}
    return Confusions(pairs, number, 'pixels')


def images_shown(scenes: SavedScenes) -> np.ndarray:
    """Number of the images that show each class, shape (num_classes,)."""
    pairs = np.unique(scenes.entries[:, :2], axis=0)
    return np.bincount(pairs[:, 1], minlength=len(scenes.classes))


def scene_figures(scenes: SavedScenes) -> dict[str, np.ndarray]:
    """IoU, its 95 % interval, accuracy and precision of each class, over the pixels of all images.

    The interval is the bootstrap's, which draws images anew; of a class that fewer than five images show it is all
    from 0 to 100.

    Returns:
        Percentages under ``recall`` (the IoU), ``low``, ``high``, ``accuracy`` and ``precision``, each of shape
        (num_classes,).
    """
    hits, totals, given = _by_image(scenes)
    unions = totals + given - hits
    low, high = _interval(hits, unions)
    is_told = images_shown(scenes) >= FEWEST_IMAGES
    with np.errstate(invalid='ignore', divide='ignore'):
        iou = hits.sum(0) / unions.sum(0)
        figures = {
            'recall': iou,
            'low': np.where(is_told, low, iou * 0),
            'high': np.where(is_told, high, iou * 0 + 1),
            'accuracy': hits.sum(0) / totals.sum(0),
            'precision': hits.sum(0) / given.sum(0),
        }
    return {name: 100 * values for name, values in figures.items()}


def _by_image(scenes: SavedScenes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, true and predicted pixels of each image and class, float64, shape (N, C) each."""
    found = np.zeros((3, len(scenes.paths), len(scenes.classes)))
    image, true, predicted, pixels = scenes.entries.T
    right = true == predicted
    np.add.at(found[0], (image[right], true[right]), pixels[right])
    np.add.at(found[1], (image, true), pixels)
    np.add.at(found[2], (image, predicted), pixels)
    return found[0], found[1], found[2]


def _interval(hits: np.ndarray, unions: np.ndarray) -> np.ndarray:
    """Ends of the interval of each class, fractions, shape (2, C)."""
    number = len(hits)
    drawn = np.random.default_rng(0).multinomial(number, np.full(number, 1 / number), size=DRAWS).astype(float)
    with np.errstate(invalid='ignore', divide='ignore'):
        iou = (drawn @ hits) / (drawn @ unions)
        # A draw without the class says nothing of it.
        is_seen = ~np.isnan(iou).all(0)
        ends = np.full((2, hits.shape[1]), np.nan)
        ends[:, is_seen] = np.nanquantile(iou[:, is_seen], [0.025, 0.975], axis=0)
    return ends
