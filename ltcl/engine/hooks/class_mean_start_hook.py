"""A classifier that starts from the mean features of its classes."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped
from .feature_bank_hook import bank_of_training


@HOOKS.register_module()
class ClassMeanStartHook(Hook):
    """Sets the rows of the classifier to the mean training features of the classes, before a training.

    As `LIFT <https://arxiv.org/abs/2309.10019>`_ starts its cosine classifier: each row is a mean of unit length. The
    images are prepared as those of validation and seen once, in eval mode. A class without images keeps its row, a bias
    starts at 0. A run that is resumed has its rows already.

    Args:
        labels: Classes whose rows are set; None sets all.
    """

    priority = 'NORMAL'  # after ltcl.FeatureCacheHook

    def __init__(self, labels: Sequence[int] | None = None) -> None:
        self.labels = None if labels is None else list(labels)

    def before_train(self, runner: Runner) -> None:
        """Set the rows, unless the run goes on."""
        if runner._resume:
            return
        model = unwrapped(runner.model)
        classifier = classifier_of(model)
        features, labels = bank_of_training(runner)
        set_rows(classifier, features, labels, self.labels, experts=len(classifier.weight) // model.head.num_classes)
        number = sum(self.labels is None or label in self.labels for label in labels.unique().tolist())
        runner.logger.info(f'the classifier starts from the means of {number} of {model.head.num_classes} classes')


def classifier_of(model: nn.Module) -> nn.Linear:
    """The layer of a model that makes class logits of features.

    Raises:
        UserError: It has none.
    """
    head = getattr(model, 'head', None)
    layer = getattr(head, 'fc', getattr(head, 'experts', None))
    if not isinstance(layer, nn.Linear):
        raise UserError(
            f'ltcl.ClassMeanStartHook: {type(getattr(model, "head", None)).__name__} has no linear or cosine '
            'classifier whose rows could be means: take the hook out'
        )
    return layer


@torch.no_grad()
def set_rows(
    classifier: nn.Linear, features: Tensor, labels: Tensor, chosen: Sequence[int] | None = None, experts: int = 1
) -> None:
    """Set rows of a classifier to the means of the features, each of unit length.

    Args:
        classifier: Weights of shape (experts * num_classes, C).
        features: Shape (M, C).
        labels: Class of each feature, int64, shape (M,).
        chosen: Classes whose rows are set; None sets all that have features.
        experts: Classifiers that it holds, one after another.
    """
    weights = classifier.weight.unflatten(0, (experts, -1))
    weight = weights[0]
    sums = torch.zeros_like(weight).index_add_(0, labels, features.to(weight))
    has_features = labels.bincount(minlength=len(weight)) > 0
    if chosen is not None:
        is_chosen = torch.zeros_like(has_features)
        is_chosen[list(chosen)] = True
        has_features &= is_chosen
    weights[:, has_features] = F.normalize(sums, dim=1)[has_features]
    if classifier.bias is not None:
        classifier.bias.unflatten(0, (experts, -1))[:, has_features] = 0
