"""Labels that the nearest neighbours of an image contradict, in the space of an encoder's features."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from ltcl.progress_bars import tracked

NEIGHBOURS = 10
# Of ten neighbours nine of one other class and one of the own, or eight of it and none.
DOUBTFUL = 0.8
# Similarities of a block of images with all others.
CELLS = 2**25


class Nearest(NamedTuple):
    """Nearest neighbours.

    Args:
        places: Of each image's neighbours, the nearest first, int64, shape (N, k).
        similarity: Cosine with each of them, float32, shape (N, k).
    """

    places: np.ndarray
    similarity: np.ndarray


class Doubts(NamedTuple):
    """What the neighbours say of each label.

    Args:
        other: The other class that most of them have, int64, shape (N,); -1 where all have the image's own.
        votes: How many of them have it, int64, shape (N,).
        own: How many have the class of the image, int64, shape (N,).
        score: From 0 to 1, float64, shape (N,); NaN where no other picture of the class could agree.
    """

    other: np.ndarray
    votes: np.ndarray
    own: np.ndarray
    score: np.ndarray


def nearest(features: np.ndarray, pictures: np.ndarray, num_neighbours: int = NEIGHBOURS) -> Nearest:
    """Nearest neighbours by the cosine, in blocks; copies of an image are none, since they share its label and fault.

    Args:
        features: Shape (N, C).
        pictures: Number of the picture of each image, the same for copies, int64, shape (N,).
        num_neighbours: How many, at most all the others.
    """
    rows = F.normalize(torch.from_numpy(features).float(), dim=1)
    rows = rows.cuda() if torch.cuda.is_available() else rows
    numbers = torch.from_numpy(pictures).to(rows.device)
    length, kept = len(rows), min(num_neighbours, len(np.unique(pictures)) - 1)
    size = max(1, CELLS // max(length, 1))
    places, similarity = [], []
    for start in tracked(range(0, length, size), 'finding neighbours', unit='blocks'):
        block = slice(start, start + size)
        found = rows[block] @ rows.T
        found.masked_fill_(numbers[block, None] == numbers, -torch.inf)
        top = found.topk(kept, dim=1)
        places.append(top.indices.cpu())
        similarity.append(top.values.cpu())
    return Nearest(torch.cat(places).numpy(), torch.cat(similarity).numpy())


def doubts(labels: np.ndarray, pictures: np.ndarray, found: Nearest) -> Doubts:
    """How far the neighbours contradict each label.

    The score is the share of the neighbours that have one other class, times the share that lacks the image's own of
    those that could have it: an image of a class of three can have two neighbours of its class at most, however right
    its label is.

    Args:
        labels: Class of each image, int64, shape (N,).
        pictures: Number of the picture of each image, int64, shape (N,).
        found: Their neighbours.

    Example:
        >>> found = Nearest(np.array([[1, 2], [0, 2], [1, 0], [1, 0]]), np.ones((4, 2), np.float32))
        >>> doubts(np.array([0, 0, 0, 0]), np.arange(4), found).score
        array([0., 0., 0., 0.])
        >>> doubts(np.array([0, 0, 1, 1]), np.arange(4), found).score
        array([0., 0., 1., 1.])
    """
    near = labels[found.places]
    is_own = near == labels[:, None]
    own = is_own.sum(1)
    agreeing = np.where(is_own, 0, (near[:, :, None] == near[:, None, :]).sum(2))
    winner = agreeing.argmax(1)
    each = np.arange(len(labels))
    votes = agreeing[each, winner]
    pairs = np.unique(np.stack([labels, pictures]), axis=1)
    others = np.bincount(pairs[0], minlength=labels.max() + 1)[labels] - 1
    possible = np.minimum(others, near.shape[1])
    with np.errstate(invalid='ignore', divide='ignore'):
        score = votes / near.shape[1] * (1 - own / possible)
    return Doubts(np.where(votes > 0, near[each, winner], -1), votes, own, np.where(possible > 0, score, np.nan))


def most_doubtful(found: Doubts, similarity: np.ndarray, least: float = DOUBTFUL) -> np.ndarray:
    """Places of the images whose labels are doubtful, the most doubtful first, then those that are nearest to others.

    Args:
        found: What the neighbours say.
        similarity: Of the neighbours, shape (N, k).
        least: Score from which on a label is doubtful.
    """
    places = np.flatnonzero(found.score >= least)
    return places[np.lexsort((-similarity[places].mean(1), -found.score[places]))]
