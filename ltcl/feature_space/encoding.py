"""Features, embeddings and decisions of a run's images."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ltcl.engine.hooks.feature_bank_hook import extract_features, loader_in_order, training_images
from ltcl.errors import UserError
from ltcl.inference.runs import SCOPE, SavedRun, classifies
from ltcl.launch.config_values import images_of
from ltcl.models.heads.cosine import CosineLinear
from ltcl.models.utils import ClassTargetsMixin

from .words import EMBEDDINGS, FEATURES

TRAIN, VAL, TEST = 'train', 'val', 'test'
ROWS = 4096


class Encoded(NamedTuple):
    """What a model makes of some images.

    Args:
        spaces: By name the rows of all images, shape (N, D): ``features``, which the head classifies, and with a
            projector ``embeddings``, which are contrasted.
        labels: Their classes, int64, shape (N,).
        decisions: Classes that the head answers, int64, shape (N,); None if it has no classifier.
    """

    spaces: dict[str, Tensor]
    labels: Tensor
    decisions: Tensor | None


class Classifier(NamedTuple):
    """The linear classifier of a head.

    Args:
        weights: A row for each class, shape (C, D).
        is_cosine: Only their directions matter.
    """

    weights: Tensor
    is_cosine: bool


def loader_of(run: SavedRun, model: nn.Module, split: str) -> DataLoader:
    """The images of a split, each once, prepared as for a test; cached features are there.

    Args:
        run: The run.
        model: Its model, for cached features.
        split: ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        UserError: The config of the run has no such images.
    """
    cfg = run.config
    evaluated = cfg.get('val_dataloader') or run.test_dataloader
    config = (
        training_images(cfg.get('train_dataloader'), evaluated) if split == TRAIN else cfg.get(f'{split}_dataloader')
    )
    if config is None:
        raise UserError(f'--split {split}: the config of {run.path} has no {split}_dataloader; name another split')
    if config['dataset']['type'] == 'ltcl.CachedFeatures':
        # A worker that sends a sample of mmpretrain turns its labels into arrays, and here it would send it again.
        config = {**config, 'num_workers': 0, 'persistent_workers': False}
    with DefaultScope.overwrite_default_scope(SCOPE):
        return loader_in_order(model, config)


def move_data(cfg: Any, data_root: str) -> None:
    """Look for the images of all splits of a config in another folder."""
    for name in (TRAIN, VAL, TEST):
        if cfg.get(f'{name}_dataloader') is not None:
            images_of(cfg[f'{name}_dataloader'].dataset).data_root = data_root


@torch.no_grad()
def encode(model: Any, loader: DataLoader, title: str) -> Encoded:
    """Send images through a model; all is in the memory of the CPU afterwards.

    Args:
        model: In eval mode.
        loader: Of :func:`loader_of`.
        title: What a bar says of it.
    """
    with DefaultScope.overwrite_default_scope(SCOPE):
        features, labels = extract_features(model, loader, title)
    pieces = features.split(ROWS)
    spaces, decisions = {FEATURES: features.float().cpu()}, None
    if getattr(model, 'projector', None) is not None:
        spaces[EMBEDDINGS] = torch.cat([model.projector(piece).float().cpu() for piece in pieces])
    if classifies(model.head):
        decisions = torch.cat([model.head((piece,)).argmax(1).cpu() for piece in pieces])
    return Encoded(spaces, labels.cpu(), decisions)


def classifier_of(model: Any, num_classes: int) -> Classifier | None:
    """The classifier of a head with one row for each class; None where it has none, or several."""
    layer = getattr(model.head, 'fc', None)
    if not isinstance(layer, nn.Linear) or len(layer.weight) != num_classes:
        return None
    return Classifier(layer.weight.detach().float().cpu(), isinstance(layer, CosineLinear))


def targets_of(model: Any) -> Tensor | None:
    """The target of each class, unit rows of shape (C, D); None where the head has none."""
    head = model.head
    if not isinstance(head, ClassTargetsMixin) or not head.targets.any():
        return None
    return head.class_targets().detach().float().cpu()


def bounds_of(cfg: Mapping, default: tuple[int, int]) -> tuple[int, int]:
    """Smallest and largest training count of a medium-shot class, as the metrics of a config have them."""
    evaluators = cfg.get('test_evaluator') or cfg.get('val_evaluator') or ()
    metrics = evaluators if isinstance(evaluators, list | tuple) else [evaluators]
    low, high = next((metric['bounds'] for metric in metrics if metric.get('bounds')), default)
    return low, high
