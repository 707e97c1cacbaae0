"""The images that the t-SNE shows, and their places."""

from typing import Any

import numpy as np

from ltcl.progress_bars import progress

from .measuring import Looked
from .sampling import keep_the_tail
from .tsne import STEPS, tsne


def map_of(looked: Looked, space: str, points: int, package: str, seed: int) -> dict[str, Any]:
    """Places of the images of a space in the plane.

    Args:
        looked: What was found of a checkpoint.
        space: ``features`` or ``embeddings``.
        points: Images that are wanted; small classes stay whole, and each has one at least.
        package: Of :func:`~ltcl.feature_space.tsne.chosen_package`.
        seed: Of the draw and of the search for neighbours.

    Returns:
        ``places`` (x and y of each image), their ``labels``, ``most`` (images of the class that shows most), and how it
        was made.
    """
    labels = looked.encoded.labels.numpy()
    chosen = keep_the_tail(labels, points, seed)
    with progress(f't-SNE of {len(chosen):,} images', STEPS, 'steps') as work:
        places = tsne(looked.encoded.spaces[space].numpy()[chosen], package, seed, listener=work.advance)
    return dict(
        package=package,
        seed=seed,
        space=space,
        most=int(np.bincount(labels[chosen]).max()),
        labels=labels[chosen].tolist(),
        places=np.round(places.astype(float), 2).tolist(),
    )
