"""Config entries that stand in several places, or that only the data can tell."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from ltcl.errors import UserError

from .nodes import dicts_in

OWN_IMAGES, OWN_SCENES = 'ltcl.OwnImages', 'ltcl.OwnScenes'


def hand_down(cfg: Config, key: str, value: object) -> None:
    """Set a top-level entry and all its copies.

    A config copies a variable such as ``data_root`` into its parts when it is read, so changing the variable afterwards
    would change nothing.

    Args:
        cfg: The config, changed in place.
        key: Name of the entry.
        value: New value.
    """
    replace_copies(cfg._cfg_dict, key, cfg.get(key), value)


def replace_copies(entries: MutableMapping, key: str, old: object, new: object) -> None:
    """Replace the entries of a name, at any depth, that have the old value; a path below the old one follows it.

    Args:
        entries: A config or a part of one, changed in place.
        key: Name of the entries.
        old: Value that they have.
        new: Value that they get.
    """
    for node in dicts_in(entries):
        if key not in node:
            continue
        if type(node[key]) is type(old) and node[key] == old:
            node[key] = new
        elif old and isinstance(old, str) and isinstance(node[key], str) and node[key].startswith(f'{old}/'):
            node[key] = f'{new}{node[key].removeprefix(old)}'


def needs_classes(cfg: Config, checkpoint: str | None = None) -> bool:
    """Whether :func:`fill_num_classes` has something to fill.

    Args:
        cfg: The config.
        checkpoint: File of the checkpoint under test.
    """
    return cfg.get('num_classes', 0) is None or (checkpoint is not None and _tests_own_images(cfg))


def bounds_of(cfg: Config) -> tuple[int, int] | None:
    """Smallest and largest training count of a medium-shot class, by the metric of the test; None: it does not tell."""
    return next((tuple(metric['bounds']) for metric in metrics_of_test(cfg) if metric.get('bounds')), None)


def metrics_of_test(cfg: Config) -> Sequence[Any]:
    """Configs of the metrics of the test; none where there is no test."""
    found = cfg.get('test_evaluator') or []
    return found if isinstance(found, list | tuple) else [found]


def fill_num_classes(cfg: Config, checkpoint: str | None = None) -> None:
    """Give a config whose ``num_classes`` is None the number of classes of its data.

    Args:
        cfg: The config, changed in place. Its entries ``num_classes=None``, at any depth, are filled.
        checkpoint: File of the checkpoint under test. Its classes, in the order of its training, are then those of the
            test set as well, so that training images are not needed and a folder that lacks a class does not move the
            labels of the others; without one the training set tells them.

    Raises:
        UserError: There is no data set to ask.
    """
    if not needs_classes(cfg, checkpoint):
        return
    classes = None
    if checkpoint is not None:
        classes = _take_from_checkpoint(images_of(cfg.test_dataloader.dataset), checkpoint)
    if cfg.get('num_classes', 0) is None:
        hand_down(cfg, 'num_classes', len(_classes_of_data(cfg) if classes is None else classes))


def _tests_own_images(cfg: Config) -> bool:
    loader = cfg.get('test_dataloader') or {}
    return images_of(loader.get('dataset') or {}).get('type') in (OWN_IMAGES, OWN_SCENES)


def images_of(dataset: Any) -> Any:
    """Config of the images of a data set, which those of ``ltcl.CachedFeatures`` wrap."""
    return dataset['dataset'] if dataset.get('type') == 'ltcl.CachedFeatures' else dataset


def use_plain_norms(cfg: Config) -> None:
    """Turn ``SyncBN`` of the model into ``BN``, for processes that cannot or need not synchronise it.

    Args:
        cfg: The config, changed in place.
    """
    for node in dicts_in(cfg.get('model')):
        if node.get('type') == 'SyncBN':
            node['type'] = 'BN'


def _take_from_checkpoint(dataset: MutableMapping, checkpoint: str) -> Sequence[str] | None:
    """Give the data set under test the classes of the training, and what masks of them hold.

    Returns:
        Names of the classes in the order of the training; None if the checkpoint does not tell them.
    """
    from ltcl.checkpoints.class_names import label_lines, trained_classes
    from ltcl.checkpoints.schemes import load_checkpoint

    loaded = load_checkpoint(checkpoint)
    classes = trained_classes(loaded, checkpoint)
    if classes is not None and dataset.get('classes') is None:
        dataset['classes'] = list(classes)
    if dataset.get('type') == OWN_SCENES and dataset.get('label_lines') is None:
        dataset['label_lines'] = label_lines(loaded)
    return classes


def _classes_of_data(cfg: Config) -> Sequence[str]:
    from ltcl.registry import DATASETS

    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    if loader is None:
        raise UserError('num_classes is None, and the config has no data set that tells it: set num_classes')
    parts = dict(loader.dataset, lazy_init=True)
    if 'pipeline' in parts:
        parts['pipeline'] = []
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        dataset = DATASETS.build(parts)
        if not dataset.metainfo.get('classes'):
            dataset.full_init()
    return dataset.metainfo['classes']
