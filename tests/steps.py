"""A training step of every method outside a run."""

from pathlib import Path

import torch
from mmpretrain.structures import DataSample
from torch import nn
from toy import CLASS_COUNTS, METHODS, toy_config

from ltcl.models.utils import ClassTargetsMixin
from ltcl.registry import MODELS

BATCH = [0, 1, 2, 0, 1, 0]


def training_model(method: str) -> nn.Module:
    """A small model in training, its class counts known and its targets, if it has any, in use."""
    torch.manual_seed(0)
    model = MODELS.build(toy_config(Path(), Path(), method).model)
    model.init_weights()
    for module in model.modules():
        if hasattr(module, 'set_class_counts'):
            module.set_class_counts(CLASS_COUNTS)
    if isinstance(model.head, ClassTargetsMixin):
        model.head.targeted = model.head.update_centers = True
    return model.train()


def step_data(method: str) -> dict:
    """Random images in as many views as the method has, as a data loader yields them."""
    shape = (len(BATCH), 3, 16, 16)
    views = [torch.randint(256, shape, dtype=torch.uint8) for _ in range(METHODS[method].num_views)]
    data_samples = [DataSample().set_gt_label(label) for label in BATCH]
    return dict(inputs=views[0] if len(views) == 1 else views, data_samples=data_samples)
