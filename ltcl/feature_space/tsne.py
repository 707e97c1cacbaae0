"""t-SNE by openTSNE or scikit-learn: neighbours of the feature space as neighbours in the plane."""

import importlib.util
from collections.abc import Callable

import numpy as np

from ltcl.errors import UserError

OPENTSNE, SKLEARN = 'openTSNE', 'scikit-learn'
PACKAGES = (OPENTSNE, SKLEARN)
PERPLEXITY = 30.0
WIDTH = 50
"""Dimensions that are left before, by their variance."""
STEPS, EXAGGERATED, EVERY = 750, 250, 10
"""Steps of the search, those at the start that draw neighbours together, and steps between two calls."""


def chosen_package(asked: str | None) -> str:
    """The package that computes.

    Args:
        asked: One of ``PACKAGES``; None: openTSNE if it is installed, else scikit-learn.

    Raises:
        UserError: openTSNE is asked for and not installed.
    """
    is_there = importlib.util.find_spec('openTSNE') is not None
    if asked == OPENTSNE and not is_there:
        raise UserError("openTSNE is not installed: run `pip install 'ltcl[features]'`, or leave --tsne out")
    return asked or (OPENTSNE if is_there else SKLEARN)


def tsne(
    features: np.ndarray,
    package: str,
    seed: int = 0,
    perplexity: float = PERPLEXITY,
    listener: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Places in the plane, in which neighbours are neighbours.

    Args:
        features: Shape (N, D).
        package: One of ``PACKAGES``.
        seed: Of the search for neighbours; the start is the same for all, the two largest directions.
        perplexity: About how many neighbours count, at most a third of the others.
        listener: Is called with the steps that were just done, of :data:`STEPS`; scikit-learn does not tell them.

    Returns:
        float32, shape (N, 2).

    Raises:
        UserError: Fewer than 4 rows.
    """
    if len(features) < 4:
        raise UserError(f't-SNE needs at least 4 images, not {len(features)}: look at another split')
    rows, perplexity = _reduced(features, seed), min(perplexity, (len(features) - 1) / 3)
    if package == OPENTSNE:
        from openTSNE import TSNE

        def tell(step: int, error: float, places: np.ndarray) -> None:
            if listener is not None:
                listener(EVERY)

        search = TSNE(
            perplexity=perplexity,
            initialization='pca',
            random_state=seed,
            n_jobs=1,
            early_exaggeration_iter=EXAGGERATED,
            n_iter=STEPS - EXAGGERATED,
            callbacks=tell,
            callbacks_every_iters=EVERY,
        )
        return np.asarray(search.fit(rows), dtype=np.float32)
    from sklearn.manifold import TSNE as SklearnTSNE

    found = SklearnTSNE(perplexity=perplexity, init='pca', random_state=seed, n_jobs=1).fit_transform(rows)
    return found.astype(np.float32)


def _reduced(features: np.ndarray, seed: int) -> np.ndarray:
    """The rows, in at most :data:`WIDTH` dimensions."""
    if features.shape[1] <= WIDTH or len(features) <= WIDTH:
        return features.astype(np.float64)
    from sklearn.decomposition import PCA

    return PCA(WIDTH, random_state=seed).fit_transform(features.astype(np.float64))
