"""Whether the figures of several configs can stand in one table: which images each is trained and scored on."""

import os
from collections.abc import Mapping, Sequence

from ltcl.neutral_text import shorten, visible

from .compared_runs import config_with
from .config_values import images_of
from .nodes import below

SCORED, TRAINED = ('test_dataloader', 'val_dataloader'), ('train_dataloader',)
NO_IMAGES = ('pipeline', 'lazy_init', 'serialize_data', 'max_refetch')
"""Entries of a data set, and of one that it wraps, that choose none of its images."""


def differences(configs: Sequence[str], options: Mapping[str, str]) -> list[str]:
    """What makes a table of these configs one of figures that cannot be compared.

    Args:
        configs: Config files.
        options: ``--cfg-options`` of all.

    Returns:
        At most two sentences: of the images that are scored, and of those that are trained on.
    """
    read = {config: config_with(config, options) for config in configs}
    said = []
    for loaders, what in ((SCORED, 'scored'), (TRAINED, 'trained')):
        images = {name: chosen for name, cfg in read.items() if (chosen := _images(cfg, loaders)) is not None}
        first = next(iter(images), None)
        others = [name for name in images if first and images[name] != images[first]]
        if first and others:
            how = _how(images[first], images[others[0]])
            said.append(visible(f'{first} and {shorten(others)} are {what} on different data ({how})'))
    return said


def _images(cfg: Mapping, loaders: Sequence[str]) -> dict[str, object] | None:
    """What chooses the images of the first of some dataloaders that a config has, by dotted keys."""
    loader = next((cfg[name] for name in loaders if cfg.get(name)), None)
    if loader is None:
        return None
    found: dict[str, object] = {}
    for key, value in below(images_of(loader['dataset'])):
        *_, name = names = key.split('.')
        if isinstance(value, dict) or not {*names}.isdisjoint(NO_IMAGES):
            continue
        # A list of data sets stands there by its entries.
        if not isinstance(value, list | tuple) or not any(isinstance(each, dict) for each in value):
            found[key] = os.path.realpath(value) if name == 'data_root' and isinstance(value, str) else value
    return found


def _how(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    """The first entry of two data sets that differs."""
    key = next(key for key in {**one, **other} if one.get(key, NO_IMAGES) != other.get(key, NO_IMAGES))
    first, second = (repr(each[key]) if key in each else 'not set' for each in (one, other))
    return f'{key}: {first:.80} and {second:.80}'
