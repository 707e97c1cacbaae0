"""Training images per class of a config."""

from mmengine.config import Config
from mmengine.registry import DefaultScope

from ltcl.errors import UserError
from ltcl.launch.unread_images import unread_images


def class_counts_of(cfg: Config) -> list[int]:
    """Count the training images of a config before anything is built; no image is opened, and no feature is cached.

    The package of the config's ``default_scope`` must be imported.

    Args:
        cfg: The config of a classification.

    Raises:
        UserError: It is the config of another task, or the data set does not tell its labels.
    """
    from ltcl.engine.hooks.class_counts_hook import count_classes
    from ltcl.registry import DATASETS

    if not isinstance(cfg.model.get('head'), dict):
        raise UserError(
            f'{cfg.model.type} has no head of a classifier, so there are no class counts to fit a recipe to'
        )
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        return count_classes(DATASETS.build(unread_images(cfg.train_dataloader.dataset))).tolist()
