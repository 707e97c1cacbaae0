"""What is written: `features.json`, which the pictures and the report are made of. Imports no torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltcl.errors import UserError
from ltcl.files import write_atomic

JSON_FILE = 'features.json'
FORMAT = 1
DEFINITIONS = {
    'alignment': 'mean squared distance of two images of a class on the unit sphere, mean over the classes',
    'uniformity': 'log of the mean of exp(-2 d^2) over pairs of images on the unit sphere; class_uniformity: of means',
    'nc1': 'trace of (covariance within classes x pseudo-inverse of that of the class means) / classes',
    'nc1_many, nc1_medium, nc1_few': 'the same, with n - 1 in the place of n images, so that groups can be compared',
    'variance_ratio': 'trace of the covariance within classes / trace of that of the class means',
    'nc2_lengths': 'standard deviation / mean of the lengths of the class means, from their centre',
    'nc2_angles': 'standard deviation of the cosines between the class means, from their centre',
    'nc2_simplex': 'mean distance of these cosines from -1 / (classes - 1)',
    'nc2_weight_*': 'the same of the rows of the classifier',
    'nc3': 'squared distance of classifier and class means, each scaled to length 1',
    'nc4': 'share of images that the classifier puts into another class than the nearest class mean does',
    'target_angle': 'degrees between the mean direction of a class and its target',
    'unbalanced classes': (
        'each class counts alike: the centre is the mean of the class means, covariances are averaged over the classes '
        'with two images or more; nc3 and nc4 compare with the means of the training images'
    ),
}


def write_features(found: Mapping[str, Any], folder: Path) -> Path:
    """Write the file, whole or not at all.

    Raises:
        UserError: The folder cannot be written to.
    """
    path = folder / JSON_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({'format': FORMAT, **found, 'definitions': DEFINITIONS}, allow_nan=False) + '\n')
    except OSError as error:
        raise UserError(f'{path} cannot be written ({error.strerror or error}): name a folder with --out') from error
    return path


def read_features(folder: str | Path) -> dict[str, Any] | None:
    """Content of the file in a work dir; None if there is none, or none of this format."""
    try:
        found = json.loads(Path(folder, JSON_FILE).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get('format') == FORMAT else None
