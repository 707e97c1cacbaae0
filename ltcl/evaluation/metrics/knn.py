"""Accuracy of a k-nearest-neighbour classifier on the features."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.evaluation.functional import knn_scores
from ltcl.registry import METRICS

from .shot_accuracy import ShotAccuracy


@METRICS.register_module()
class KNNAccuracy(ShotAccuracy):
    """What ``ShotAccuracy`` reports, for the weighted vote of the k nearest training images.

    It shows how far an encoder without a classifier has come (KCL, TSC). The test images' features are the field
    ``features`` of the predictions, set by ``ltcl.KCLHead``, its relatives and ``ltcl.NearestClassMeanHead``; the
    training images' come from ``ltcl.FeatureBankHook``.

    Args:
        k: Neighbours that vote, at most the number of training images.
        temperature: A neighbour with cosine similarity s has the weight ``exp(s / temperature)``.
        balanced: Divide the votes of each class by its training images.
        **kwargs: Arguments of :class:`ShotAccuracy`.

    Raises:
        UserError: ``k`` or ``temperature`` is not positive.

    Example:
        >>> metric = KNNAccuracy(k=1, class_counts=[1, 1])
        >>> metric.set_feature_bank(torch.eye(2), torch.tensor([0, 1]))
        >>> metric.process(None, [dict(features=torch.tensor([0.1, 0.9]), gt_label=torch.tensor([1]))])
        >>> metric.evaluate(size=1)['knn/all']
        100.0
    """

    default_prefix = 'knn'

    def __init__(self, k: int = 20, temperature: float = 0.07, balanced: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if k < 1 or temperature <= 0:
            raise UserError(f'KNNAccuracy: k={k} and temperature={temperature} must be positive')
        self.k = k
        self.temperature = temperature
        self.balanced = balanced
        self._bank: tuple[Tensor, Tensor] | None = None

    def set_shifts(self, shifts: Mapping[str, Tensor]) -> None:
        """Take none: votes of neighbours are no probabilities."""

    def set_feature_bank(self, features: Tensor, labels: Tensor) -> None:
        """Take the training images' features.

        Args:
            features: Shape (M, C).
            labels: Class of each row, int64, shape (M,).

        Raises:
            UserError: There are fewer than ``k``.
        """
        if len(features) < self.k:
            raise UserError(f'KNNAccuracy: k={self.k} neighbours, but the bank has {len(features)} images: lower k')
        self._bank = features, labels

    def predictions(self, data_samples: Sequence[dict]) -> Tensor:
        """Class with the most votes for each image, shape (N,).

        Raises:
            UserError: The predictions have no ``features``, or no bank has arrived.
        """
        if 'features' not in data_samples[0]:
            raise UserError(
                "KNNAccuracy: the predictions have no field 'features'; the heads that provide it are ltcl.KCLHead, "
                'ltcl.TSCHead, ltcl.InBatchKCLHead, ltcl.InBatchTSCHead and ltcl.NearestClassMeanHead'
            )
        if self._bank is None:
            raise UserError(
                "KNNAccuracy has no training features: add feature_bank=dict(type='ltcl.FeatureBankHook') to "
                'default_hooks'
            )
        queries = torch.stack([sample['features'] for sample in data_samples])
        bank, labels = (part.to(queries.device) for part in self._bank)
        sizes = labels.bincount()
        return knn_scores(
            queries,
            bank.to(queries),
            labels,
            num_classes=len(sizes),
            k=self.k,
            temperature=self.temperature,
            class_sizes=sizes if self.balanced else None,
        ).argmax(dim=1)
