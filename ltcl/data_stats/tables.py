"""What was found in images as CSV files."""

import numpy as np

from ltcl.neutral_text import csv_text

from .copies import groups_of_copies, own_pictures
from .looking import Found


def class_table(found: Found) -> str:
    """Each class, the largest first: images of each part, shot group, different pictures among those of training."""
    images = found.images
    counts, groups = images.counts(), images.groups
    own = None if found.pictures is None else own_pictures(found.pictures.near, images)
    header = ['class_name', *counts, 'group', *([] if own is None else ['pictures'])]
    rows = [
        [
            images.classes[i],
            *(int(each[i]) for each in counts.values()),
            groups[i],
            *([] if own is None else [int(own[i])]),
        ]
        for i in by_size(images.training)
    ]
    return csv_text(header, rows)


def copy_table(found: Found) -> str:
    """Each image that has a copy: number of its picture, file, class, part, whether another has the same pixels."""
    assert found.pictures is not None
    images, pixels = found.images, found.pictures.pixels
    rows = [
        [number, images.name_of(i), images.classes[images.labels[i]], images.names[images.parts[i]], kind]
        for number, group in enumerate(groups_of_copies(found.pictures.near), start=1)
        for i, kind in zip(group.tolist(), _kinds(pixels[group]), strict=True)
    ]
    return csv_text(['picture', 'file', 'class_name', 'part', 'copy'], rows)


def _kinds(pixels: np.ndarray) -> list[str]:
    return ['pixels' if (pixels == each).sum() > 1 else 'nearly' for each in pixels]


def doubt_table(found: Found) -> str:
    """Each doubtful label: file, class, what the neighbours say, how many of them, score, the nearest of them."""
    images = found.images
    header = ['file', 'part', 'class_name', 'neighbours_say', 'votes', 'own_votes', 'neighbours', 'score', 'nearest']
    rows = [
        [
            images.name_of(each.place),
            images.names[images.parts[each.place]],
            images.classes[images.labels[each.place]],
            images.classes[each.other],
            each.votes,
            each.own,
            found.neighbours,
            round(each.score, 4),
            images.name_of(each.near[0]),
        ]
        for each in found.doubtful or ()
    ]
    return csv_text(header, rows)


def tables(found: Found) -> dict[str, str]:
    """All tables that there is something for, by the name of the file."""
    made = {'classes.csv': class_table(found)}
    if found.pictures is not None:
        made['copies.csv'] = copy_table(found)
        made['damaged.csv'] = csv_text(['file', 'reason'], found.broken.items())
    if found.doubtful is not None:
        made['doubtful.csv'] = doubt_table(found)
    return made


def by_size(counts: np.ndarray) -> list[int]:
    """Labels, the class with most images first."""
    return np.argsort(-counts, kind='stable').tolist()
