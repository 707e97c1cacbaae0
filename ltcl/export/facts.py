"""What an exported file tells of its model: entries of text, each JSON."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import BALANCED, NATURAL
from ltcl.inference import ImageModel, LongTailClassifier, LongTailSegmenter
from ltcl.version import __version__

from .graph import log_prior
from .preparation import decoding_of


def facts_of(model: ImageModel, prior: str) -> dict[str, str]:
    """The entries of the metadata.

    Args:
        model: The model.
        prior: The class mix that the file answers for unless told otherwise, in a word.

    Returns:
        ``ltcl_version``; ``model``, work dir and checkpoint; ``classes``, their names in the order of the
        probabilities; ``class_counts``, training images of each, or null; ``prior``; ``log_priors``, the input of that
        name for ``natural`` and ``balanced``, as far as they are known; ``decoding``, how files are read; ``config``,
        the model and the test pipeline as they were configured, but for the files that a training started from;
        ``calibration``, what `ltcl calibrate` stored, which the graph uses, or null, and ``thresholds``, its least
        probability of an answer for each class, null of one whose answers are never sure enough; or null. Of a
        segmentation also ``pixel_counts``, training pixels of each class, or null, and ``masks``: ``values`` of each
        class in masks, the last one for no class, and the ``palette`` of 256 colours, null where values are colours.
    """
    run = model.run
    config = dict(model=run.config.model, test_pipeline=run.test_dataloader['dataset'].get('pipeline', []))
    config = {name: _without_starts(part) for name, part in config.items()}
    facts: dict[str, Any] = dict(
        ltcl_version=__version__,
        model=run.name,
        classes=model.classes,
        class_counts=run.class_counts,
        prior=prior,
        log_priors=_log_priors(model),
        decoding=decoding_of(model.reader),
        config=config,
        calibration=_calibration(model),
        thresholds=_thresholds(model),
    )
    if isinstance(model, LongTailSegmenter):
        facts |= dict(pixel_counts=model.pixel_counts, masks=dataclasses.asdict(model.values))
    return {name: json.dumps(value, default=str) for name, value in facts.items()}


def _calibration(model: ImageModel) -> dict | None:
    found = model.calibration
    names = ('temperatures', 'bounds', 'precision', 'images')
    return None if found is None else {name: getattr(found, name) for name in names}


def _thresholds(model: ImageModel) -> list[float | None] | None:
    if not isinstance(model, LongTailClassifier) or not model.calibration or not model.calibration.thresholds:
        return None
    return [value if math.isfinite(value) else None for value in model.thresholds.values()]


def _without_starts(node: object) -> object:
    """A config without what the training started from, which may name places on somebody's machine."""
    if isinstance(node, Mapping):
        return {name: _without_starts(each) for name, each in node.items() if name not in ('init_cfg', 'pretrained')}
    return [_without_starts(each) for each in node] if isinstance(node, list | tuple) else node


def _log_priors(model: ImageModel) -> dict[str, list[float]]:
    found = {}
    for name in (NATURAL, BALANCED):
        try:
            model.mixes.answered()  # where it is not known what the logits answer for, no mix can be asked for
            found[name] = log_prior(model, name).tolist()
        except UserError:
            continue
    return found
