"""Nearest class mean."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.models import ClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import MODELS

METRICS = ('cosine', 'euclidean')


@MODELS.register_module()
class NearestClassMeanHead(ClsHead):
    """Predicts the class whose mean training feature is nearest; nothing is trained.

    A baseline of `Decoupling Representation and Classifier <https://arxiv.org/abs/1910.09217>`_.
    ``ltcl.FeatureBankHook`` brings the training features before each validation and test. Predictions carry the
    field ``features``, so ``ltcl.KNNAccuracy`` works beside it.

    Args:
        num_classes: Number of classes.
        in_channels: Width D of the pooled features.
        metric: ``'cosine'``: the score of a class is the cosine between feature and mean. ``'euclidean'``: minus the
            distance between them.
        **kwargs: Arguments of mmpretrain's ``ClsHead``.

    Attributes:
        class_means: Mean feature of each class, shape (num_classes, D); zeros until they arrive. No checkpoint has
            them: they belong to the encoder that is loaded.
        class_sizes: Images behind each mean, int64, shape (num_classes,). A class without any is never predicted.

    Raises:
        UserError: An unknown ``metric``.
    """

    frequency_power = 0.0  # a mean does not tell of how many images it is
    class_means: Tensor
    class_sizes: Tensor

    def __init__(self, num_classes: int, in_channels: int, metric: str = 'cosine', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if metric not in METRICS:
            raise UserError(f'NearestClassMeanHead: metric={metric!r} must be one of {", ".join(METRICS)}')
        self.num_classes = num_classes
        self.metric = metric
        self.register_buffer('class_means', torch.zeros(num_classes, in_channels), persistent=False)
        self.register_buffer('class_sizes', torch.zeros(num_classes, dtype=torch.int64), persistent=False)

    def set_feature_bank(self, features: Tensor, labels: Tensor) -> None:
        """Average the training features of each class.

        Args:
            features: Pooled features, shape (M, D).
            labels: Class of each row, int64, shape (M,).

        Raises:
            UserError: The features have another width than ``in_channels``, or a label is none of the classes.
        """
        num_classes, width = self.class_means.shape
        if features.shape[1] != width:
            raise UserError(
                f'NearestClassMeanHead: in_channels={width}, but the features have {features.shape[1]} channels'
            )
        if labels.max() >= num_classes:
            raise UserError(f'NearestClassMeanHead: num_classes={num_classes}, but got label {int(labels.max())}')
        sums = self.class_means.new_zeros(self.class_means.shape).index_add_(0, labels, features.to(self.class_means))
        self.class_sizes.copy_(labels.bincount(minlength=num_classes))
        self.class_means.copy_(sums / self.class_sizes.clamp_min(1)[:, None])

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map features, the last of shape (N, D), to scores (N, num_classes); -inf for a class without images.

        Raises:
            UserError: No class means have arrived.
        """
        # A graph that is exported holds the means as they are; whether there are any cannot steer it.
        if not torch.compiler.is_compiling() and not self.class_sizes.any():
            raise UserError(
                "NearestClassMeanHead has no class means: add feature_bank=dict(type='ltcl.FeatureBankHook') to "
                'default_hooks'
            )
        rows = self.pre_logits(feats).to(self.class_means)
        if self.metric == 'cosine':
            scores = F.normalize(rows, dim=1) @ F.normalize(self.class_means, dim=1).T
        else:
            scores = -torch.cdist(rows, self.class_means)
        return scores.masked_fill(self.class_sizes == 0, -torch.inf)

    def predict(self, feats: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Predictions of ``ClsHead``, each with its feature (D,) in the field ``features``."""
        samples = super().predict(feats, data_samples)
        for sample, row in zip(samples, self.pre_logits(feats), strict=True):
            sample.set_field(row, 'features')
        return samples
