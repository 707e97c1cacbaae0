"""All figures of a feature space, over all classes, by shot group and class by class."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ltcl.evaluation.functional import (
    ClassMeans,
    center_uniformity,
    class_alignment,
    class_means,
    equinorm,
    nearest_mean,
    pair_cosines,
    self_duality,
    shot_groups,
    uniformity,
    variance_ratio,
    within_class_variability,
)

from .encoding import Classifier, Encoded
from .sampling import spread_evenly
from .words import EMBEDDINGS, FEATURES

UNIFORMITY_IMAGES = 10_000
"""Images among which uniformity compares all pairs."""
BY_GROUP = ('alignment', 'variability', 'target_angle')
"""Figures of a class of which each shot group has a mean."""

Figures = dict[str, Any]


class Trained(NamedTuple):
    """What is known of a run besides its images.

    Args:
        classes: Names of the classes.
        counts: Training images of each class; None where they are not known.
        bounds: Smallest and largest training count of a medium-shot class.
        classifier: The head's; None where it has none with one row a class.
        targets: Target of each class in the space of the embeddings, shape (C, D); None where there are none.
    """

    classes: Sequence[str]
    counts: Sequence[int] | None
    bounds: tuple[int, int]
    classifier: Classifier | None
    targets: Tensor | None


def describe(encoded: Encoded, training: Encoded | None, trained: Trained) -> dict[str, Figures]:
    """All figures of each space.

    Args:
        encoded: The images.
        training: The training images, whose class means the classifier is compared with; None: those of the images.
        trained: What is known of the run.

    Returns:
        For each space ``figures`` (a dict of numbers), ``classes`` (a dict of numbers a class) and ``angles`` (pairs of
        classes by their angle, one a degree). A figure that is not defined is None.
    """
    found = {}
    for name, rows in encoded.spaces.items():
        means = class_means(rows, encoded.labels, len(trained.classes))
        space = _geometry(rows, encoded.labels, means)
        if name == FEATURES:
            reference = means
            if training is not None:
                reference = class_means(training.spaces[name], training.labels, len(trained.classes))
            _add_classifier(space, encoded, reference, trained.classifier)
        if name == EMBEDDINGS and trained.targets is not None:
            _add_targets(space, rows, encoded.labels, means, trained.targets)
        _add_groups(space, trained)
        found[name] = _plain(space, trained)
    return found


def _geometry(rows: Tensor, labels: Tensor, means: ClassMeans) -> Figures:
    """Alignment, uniformity, angles between the class means, and the first two signs of collapse."""
    columns = {
        'images': means.sizes,
        'alignment': class_alignment(rows, labels, len(means.sizes)),
        'variability': within_class_variability(rows, labels, means, unbiased=True),
        'mean_length': (means.means - means.center).norm(dim=1).masked_fill(~means.present, torch.nan),
    }
    chosen = rows[spread_evenly(len(rows), UNIFORMITY_IMAGES)]
    figures: dict[str, Any] = {
        'images': len(rows),
        'classes': int(means.present.sum()),
        'width': rows.shape[1],
        'alignment': _mean(columns['alignment']),
        'uniformity': uniformity(chosen) if len(chosen) > 1 else None,
        'uniformity_images': len(chosen),
        'nc1': _mean(within_class_variability(rows, labels, means)),
        'variance_ratio': variance_ratio(rows, labels, means),
    }
    space = {'figures': figures, 'columns': columns, 'angles': []}
    if figures['classes'] > 1:
        _add_angles(space, means)
    return space


def _add_angles(space: Figures, means: ClassMeans) -> None:
    pairs, present = pair_cosines(means.centered), means.present
    classes = present.nonzero().flatten()
    nearest = torch.full_like(means.sizes, -1)
    nearest[present] = classes[pairs.nearest]
    angles = torch.full(present.shape, torch.nan, dtype=torch.float64)
    angles[present] = torch.rad2deg(pairs.nearest_cosine.acos())
    space['columns'].update(nearest=nearest, nearest_angle=angles)
    space['angles'] = pairs.histogram.tolist()
    degrees, number = torch.arange(180) + 0.5, pairs.histogram.sum()
    space['figures'].update(
        class_uniformity=center_uniformity(F.normalize(means.means[present], dim=1)),
        angle_mean=float((pairs.histogram * degrees).sum() / number),
        angle_min=_least(angles),
        simplex_angle=math.degrees(math.acos(-1 / (len(classes) - 1))),
        nc2_lengths=equinorm(means.centered),
        nc2_angles=pairs.std,
        nc2_simplex=pairs.simplex_gap,
    )


def _add_classifier(space: Figures, encoded: Encoded, reference: ClassMeans, classifier: Classifier | None) -> None:
    """The classifier's share in the second sign of collapse, the third and the fourth."""
    figures = space['figures']
    if encoded.decisions is not None:
        figures['nc4'] = float((nearest_mean(encoded.spaces[FEATURES], reference) != encoded.decisions).double().mean())
    if classifier is None:
        return
    weights = F.normalize(classifier.weights, dim=1) if classifier.is_cosine else classifier.weights
    figures['is_cosine'] = classifier.is_cosine
    if not classifier.is_cosine:
        space['columns']['weight_length'] = weights.norm(dim=1)
        figures['nc2_weight_lengths'] = equinorm(weights)
    if len(weights) > 1:
        pairs = pair_cosines(weights)
        figures.update(nc2_weight_angles=pairs.std, nc2_weight_simplex=pairs.simplex_gap)
    if reference.present.sum() > 1:
        figures['nc3'] = self_duality(weights[reference.present], reference.centered)


def _add_targets(space: Figures, rows: Tensor, labels: Tensor, means: ClassMeans, targets: Tensor) -> None:
    """How far the mean direction of each class is from its target, in degrees."""
    directions = class_means(F.normalize(rows, dim=1), labels, len(targets)).means
    directions, targets = F.normalize(directions, dim=1), targets.double()
    angles = torch.rad2deg((directions * targets).sum(1).clamp(-1, 1).acos()).masked_fill(~means.present, torch.nan)
    own = [(piece @ targets.T).argmax(1) for piece in directions.split(1024)]
    is_own = torch.cat(own) == torch.arange(len(targets))
    space['columns']['target_angle'] = angles
    space['figures'].update(
        target_angle=_mean(angles), nearest_is_own_target=float(is_own[means.present].double().mean())
    )


def _add_groups(space: Figures, trained: Trained) -> None:
    """Means over the classes of each shot group, and how lengths go with the training images."""
    figures, columns = space['figures'], space['columns']
    if trained.counts is None:
        return
    counts = torch.tensor(trained.counts)
    for group, mask in shot_groups(counts, trained.bounds).items():
        for name in (each for each in BY_GROUP if each in columns):
            value = _mean(columns[name][mask])
            if value is not None:
                figures[f'{"nc1" if name == "variability" else name}_{group}'] = value
    for name in ('weight_length', 'mean_length'):
        if name in columns:
            figures[f'{name}_by_count'] = rank_correlation(counts, columns[name])


def rank_correlation(counts: Tensor, values: Tensor) -> float | None:
    """Spearman's rank correlation of two figures of the classes; None where one is constant or fewer than 3 are known.

    Args:
        counts: Shape (C,).
        values: Shape (C,); NaN where it is not known.
    """
    from scipy.stats import spearmanr

    known = values.isfinite()
    counts, values = counts[known], values[known]
    if len(counts) < 3 or len(counts.unique()) < 2 or len(values.unique()) < 2:
        return None
    return float(spearmanr(counts.numpy(), values.numpy()).statistic)


def _mean(values: Tensor) -> float | None:
    known = values[values.isfinite()]
    return float(known.mean()) if len(known) else None


def _least(values: Tensor) -> float | None:
    known = values[values.isfinite()]
    return float(known.min()) if len(known) else None


def _plain(space: Figures, trained: Trained) -> Figures:
    """The same as numbers and lists that JSON can hold."""
    columns = {name: _listed(values) for name, values in space['columns'].items()}
    groups: list[str | None] = [None] * len(trained.classes)
    if trained.counts is not None:
        masks = shot_groups(torch.tensor(trained.counts), trained.bounds)
        groups = [next(name for name, mask in masks.items() if mask[label]) for label in range(len(trained.classes))]
    about = {
        'class_index': list(range(len(trained.classes))),
        'class_name': list(trained.classes),
        'train_count': list(trained.counts or groups),
        'group': groups,
    }
    rows = [
        dict(zip((*about, *columns), row, strict=True)) for row in zip(*about.values(), *columns.values(), strict=True)
    ]
    for row in rows:
        if row.get('nearest', -1) is not None and row.get('nearest', -1) < 0:
            row['nearest'] = None
    figures = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in space['figures'].items()
    }
    return {'figures': figures, 'classes': rows, 'angles': space['angles']}


def _listed(values: Tensor) -> list:
    if not values.is_floating_point():
        return values.tolist()
    return [None if math.isnan(value) else round(value, 6) for value in np.asarray(values.double()).tolist()]
