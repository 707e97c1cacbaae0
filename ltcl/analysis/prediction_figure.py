"""Pictures, true and predicted label maps side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .figure_names import figure_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VOID_COLOUR = (255, 255, 255)
MAX_LEGEND_ENTRIES = 36
WIDTH = 8.4  # inches


@dataclass
class Prediction:
    """A picture and what was seen in it.

    Attributes:
        image: RGB, uint8, shape (H, W, 3).
        truth: True labels, integer, shape (H, W); what is no class is void.
        predicted: Predicted labels, integer, shape (H, W).
    """

    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray


def colour_labels(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Paint a label map.

    Args:
        labels: Integer, shape (H, W).
        palette: RGB of each class, 0 to 255; any other label is white.

    Returns:
        uint8, shape (H, W, 3).
    """
    colours = np.array([*palette, VOID_COLOUR], dtype=np.uint8)
    is_class = (labels >= 0) & (labels < len(palette))
    return colours[np.where(is_class, labels, len(palette))]


def prediction_figure(
    predictions: Sequence[Prediction], classes: Sequence[str], palette: Sequence[Sequence[int]], images: str = ''
) -> Figure:
    """One row for each picture: picture, truth, prediction. Below, the colours of the classes that are seen.

    Of more than 36 classes those of most pixels have their name there, and the number of the others is told.

    Args:
        predictions: What to draw, at least one.
        classes: Names of the classes.
        palette: RGB of each class, 0 to 255.
        images: Which images these are, and of how many, for the title.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    seen, more = _most_seen(predictions, len(classes))
    names = figure_names([classes[label] for label in seen], seen.tolist())
    remark = f'and {more:,} classes of fewer pixels, which are not named' if more else ''
    names = replace(names, note='\n'.join(filter(None, (names.note, remark))))
    columns = names.legend_columns(WIDTH, font_size=8)
    height, width = predictions[0].image.shape[:2]
    total = (
        0.4
        + 0.2 * bool(remark)
        + 0.25 * bool(images)
        + len(predictions) * 2.7 * min(2.0, height / width)
        + 0.17 * (2 + len(seen) // columns)
    )
    figure = Figure(figsize=(WIDTH, total), layout='constrained')
    grid = figure.subplots(len(predictions), 3, squeeze=False)
    for row, prediction in zip(grid, predictions, strict=True):
        maps = [colour_labels(labels, palette) for labels in (prediction.truth, prediction.predicted)]
        for axes, picture in zip(row, (prediction.image, *maps), strict=True):
            axes.imshow(picture, interpolation='nearest')
            axes.set(xticks=[], yticks=[])
    for axes, title in zip(grid[0], ('image', 'truth', 'prediction'), strict=True):
        axes.set_title(title, fontsize=11)
    colours: Any = np.array(palette) / 255
    if images:
        figure.suptitle(images, fontsize=11, x=0.01, ha='left')
    handles = [Patch(facecolor=colours[label], edgecolor='#666666') for label in seen]
    names.draw_legend(figure, handles, 'outside lower center', font_size=8)
    return figure


def _most_seen(predictions: Sequence[Prediction], num_classes: int) -> tuple[np.ndarray, int]:
    """Labels of the classes of most pixels, in rising order, and how many more are seen."""
    labels, pixels = np.unique(
        np.concatenate([np.append(each.truth, each.predicted) for each in predictions]), return_counts=True
    )
    is_class = (labels >= 0) & (labels < num_classes)
    labels, pixels = labels[is_class], pixels[is_class]
    kept = np.argsort(-pixels, kind='stable')[:MAX_LEGEND_ENTRIES]
    return np.sort(labels[kept]), len(labels) - len(kept)
