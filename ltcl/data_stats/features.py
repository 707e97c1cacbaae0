"""Features of the images of a data set by a pretrained encoder, from the cache or computed once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.registry import MODELS, DefaultScope

from ltcl.errors import UserError
from ltcl.launch.backbone_option import set_backbone
from ltcl.launch.configs import load_config
from ltcl.launch.tuning.frozen import freeze
from ltcl.own_folder.methods import DEFAULT, config_of
from ltcl.own_folder.quietly import quiet

from .figures import as_rgb


class Pictures(BaseDataset):
    """Images as a data set without classes.

    Args:
        pictures: Files, or RGB pixels.
    """

    def __init__(self, pictures: Sequence[str | np.ndarray]) -> None:
        self.pictures = pictures
        super().__init__(serialize_data=False, test_mode=True)

    def load_data_list(self) -> list[dict]:
        """Path or pixels of each image."""
        return [
            dict(img_path=each) if isinstance(each, str) else dict(img=as_rgb(each), channel_order='rgb', img_path=None)
            for each in self.pictures
        ]

    def get_gt_labels(self) -> np.ndarray:
        """No class, shape (N,)."""
        return np.full(len(self), -1)


def features_of(pictures: Sequence[str | np.ndarray], backbone: str) -> np.ndarray:
    """Features of images, as ``ltcl train --tune frozen`` keeps them: those of a training need not be computed again.

    Args:
        pictures: Files that can be read, or pixels.
        backbone: Name of a network of timm or mmpretrain.

    Returns:
        float32, shape (N, C).

    Raises:
        UserError: There is no such network, or no weights of it.
    """
    from ltcl.datasets import CachedFeatures
    from ltcl.feature_cache import fill_features

    cfg = load_config(config_of(DEFAULT), {'num_classes': 2})
    set_backbone(cfg, backbone)
    freeze(cfg, 'linear')
    kept = cfg.test_dataloader.dataset
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        with quiet():
            model: Any = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
            model.init_weights()
        reading = dict(num_workers=kept.get('num_workers', 0))
        dataset = CachedFeatures(Pictures(pictures), kept.pipeline, **reading)
        fill_features(model, dataset)
    if dataset.features is None:
        raise UserError('none of the images can be read')
    return dataset.features[0].numpy()
