"""One look at all images: what was found, for the terminal, the tables and the page."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ltcl.datasets.fingerprints import Fingerprint

from .copies import Pictures, copies_in, describe_copies, many_times, number_pictures
from .figures import damaged, damages, describe_counts, fingerprints, kinds_of
from .images import Labelled
from .verdict import verdict


@dataclass
class Doubtful:
    """A label that the nearest neighbours contradict.

    Attributes:
        place: Of the image.
        other: The class that they have.
        votes: How many of them have it.
        own: How many have the class of the image.
        score: How doubtful, from 0 to 1.
        near: Places of the nearest of those that have the other class.
    """

    place: int
    other: int
    votes: int
    own: int
    score: float
    near: list[int]


@dataclass
class Found:
    """What was found in images.

    Attributes:
        images: The images.
        modes: Images by mode; empty where none was opened.
        sizes: Width and height, int64, shape (M, 2).
        pictures: Which are the same; None where none was opened.
        broken: What is wrong with damaged files, by their names.
        doubtful: The most doubtful first; None where nobody looked.
        judged: How many labels were compared with their neighbours'.
        neighbours: With how many.
    """

    images: Labelled
    modes: Counter[str] = field(default_factory=Counter)
    sizes: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    pictures: Pictures | None = None
    broken: dict[str, str] = field(default_factory=dict)
    doubtful: list[Doubtful] | None = None
    judged: int = 0
    neighbours: int = 0

    @property
    def verdict(self) -> list[str]:
        """What follows, in sentences."""
        near = None if self.pictures is None else copies_in(self.pictures.near, self.images)
        repeated = [] if self.pictures is None else many_times(self.pictures.near, self.images)
        return verdict(self.images, list(self.broken), near, repeated, len(self.doubtful or ()))

    @property
    def lines(self) -> list[str]:
        """Figures of the images, in words."""
        lines = describe_counts(self.images)
        if len(self.sizes):
            low, middle, high = (f'{w:.0f}x{h:.0f}' for w, h in np.percentile(self.sizes, (0, 50, 100), axis=0))
            lines.append(f'width x height: smallest {low}, median {middle}, largest {high}')
        if self.pictures is not None:
            named = ', '.join(f'{mode} {number:,}' for mode, number in self.modes.most_common())
            lines.append(f'modes: {named or "none"}')
            lines += describe_copies(self.pictures, self.images)
        if self.doubtful is not None:
            lines.append(
                f'labels: {len(self.doubtful):,} of {self.judged:,} that were compared with those of {self.neighbours} '
                'neighbours are doubtful'
            )
        return lines


def look(
    images: Labelled, root: str, with_files: bool = True, backbone: str | None = None, neighbours: int = 10
) -> Found:
    """Look at images.

    Args:
        images: The images.
        root: What is known of their files is kept under it.
        with_files: Open them; else only their classes are counted.
        backbone: Network in whose features labels are compared with those of the neighbours; None does without.
        neighbours: How many.

    Raises:
        UserError: There is no such network, or no weights of it.
    """
    found = Found(images)
    if with_files and len(images.pictures):
        found.modes, found.sizes = kinds_of(images.pictures)
        prints = fingerprints(images, root)
        found.pictures = number_pictures(prints)
        found.broken = damages(images, prints, root)
        if backbone is not None:
            _compare(found, prints, backbone, neighbours)
    return found


def _compare(found: Found, prints: list[Fingerprint | None], backbone: str, number: int) -> None:
    """Compare labels with those of the nearest neighbours."""
    from .features import features_of
    from .neighbours import doubts, most_doubtful, nearest

    assert found.pictures is not None
    images = found.images
    whole = np.setdiff1d(np.arange(len(prints)), damaged(prints))
    labels, pictures = images.labels[whole], found.pictures.near[whole]
    features = features_of([images.pictures[i] for i in whole.tolist()], backbone)
    near = nearest(features, pictures, number)
    told = doubts(labels, pictures, near)
    found.judged, found.neighbours = int((~np.isnan(told.score)).sum()), near.places.shape[1]
    found.doubtful = []
    for i in most_doubtful(told, near.similarity).tolist():
        of_other = near.places[i][labels[near.places[i]] == told.other[i]]
        found.doubtful.append(
            Doubtful(
                int(whole[i]),
                int(told.other[i]),
                int(told.votes[i]),
                int(told.own[i]),
                float(told.score[i]),
                whole[of_other].tolist(),
            )
        )
