"""The contact sheet: one HTML file that opens anywhere, with every pixel as the network gets it."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np
from PIL import Image

from ltcl.data_stats.class_colours import colour_of, laid_over
from ltcl.neutral_text import visible
from ltcl.report.page import environment

from .views import Shown

# Small images are shown larger, large ones smaller; the file has all their pixels.
SMALLEST, LARGEST = 112, 224
CLASSES_NAMED = 6


def sheet(title: str, remarks: Sequence[str], shown: Mapping[str, Sequence[Shown]], classes: Sequence[str]) -> str:
    """The sheet as HTML.

    Args:
        title: Where the images come from.
        remarks: What is to be known of them, a line each.
        shown: Images by the heading that they stand under.
        classes: Names of the classes.
    """
    seen = {label for images in shown.values() for each in images for label in labels_in(each, len(classes))}
    has_masks = any(each.labels is not None for images in shown.values() for each in images)
    words = dict(
        title=visible(title, width=100),
        remarks=[visible(each) for each in remarks],
        legend=[(visible(classes[i], width=40), '#{:02x}{:02x}{:02x}'.format(*colour_of(i))) for i in sorted(seen)]
        if has_masks
        else [],
        groups=[(visible(name, width=100), [_row(each, classes) for each in images]) for name, images in shown.items()],
    )
    return environment().get_template('browse.html.j2').render(words)


def labels_in(shown: Shown, num_classes: int) -> list[int]:
    """Labels of the classes in an image."""
    if shown.labels is None:
        return [label for label, _ in shown.shares]
    return [label for label in np.unique(shown.labels).tolist() if 0 <= label < num_classes]


def _row(shown: Shown, classes: Sequence[str]) -> dict:
    name = f'image {shown.place}' if shown.path is None else PurePath(shown.path).name
    figures = list(zip(shown.names, shown.views, strict=True))
    if shown.labels is not None:
        figures.append(('with its mask', laid_over(shown.views[0], shown.labels, len(classes))))
    return dict(
        name=visible(name, width=60),
        tip=visible(shown.path or name),
        label=_label(shown, classes),
        figures=[(title, picture_uri(pixels), _width(pixels), pixels.shape[1::-1]) for title, pixels in figures],
    )


def _label(shown: Shown, classes: Sequence[str]) -> str:
    """The label in words: a class, the shares of a mixed one, or what the mask shows."""
    if shown.labels is not None:
        counts = np.bincount(shown.labels.ravel(), minlength=len(classes))[: len(classes)]
        order = [i for i in np.argsort(-counts, kind='stable').tolist() if counts[i]]
        shares = [(i, counts[i] / shown.labels.size) for i in order]
    else:
        shares = shown.shares
    names = [
        visible(classes[i], width=40) if share == 1 else f'{visible(classes[i], width=40)} {100 * share:.3g} %'
        for i, share in shares[:CLASSES_NAMED]
    ]
    return ', '.join(names) + (f' and {len(shares) - CLASSES_NAMED} more' if len(shares) > CLASSES_NAMED else '')


def picture_uri(pixels: np.ndarray) -> str:
    """A lossless picture as a data URI.

    Args:
        pixels: RGB, uint8, shape (H, W, 3).
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'PNG', optimize=True)
    return f'data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}'


def _width(pixels: np.ndarray) -> int:
    """Width in which a view is shown: the pixels of a small one are enlarged a whole number of times."""
    width = pixels.shape[1]
    return width * max(1, -(-SMALLEST // width)) if width <= LARGEST else LARGEST
