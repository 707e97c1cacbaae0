"""Training images per class of a config."""

from mmengine.config import Config
from mmengine.registry import DefaultScope


def class_counts_of(cfg: Config) -> list[int]:
    """Count the training images of a config before anything is built; no image is opened.

    The package of the config's ``default_scope`` must be imported.

    Args:
        cfg: The config of a classification.

    Raises:
        UserError: The data set does not tell its labels.
    """
    from ltcl.engine.hooks.class_counts_hook import count_classes
    from ltcl.registry import DATASETS

    parts = dict(cfg.train_dataloader.dataset)
    if 'pipeline' in parts:
        parts['pipeline'] = []
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        return count_classes(DATASETS.build(parts)).tolist()
