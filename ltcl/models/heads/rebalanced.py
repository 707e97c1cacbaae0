"""What the heads of ResCo and ResCom have in common."""

from typing import Any

from torch import Tensor

from ltcl.functional import log_prior, logit_adjusted_loss, rebalanced_contrastive_loss
from ltcl.value_ranges import check_ranges

from ..utils import ClasswiseQueue
from .contrastive import ContrastiveHead, effective_weights


class RebalancedContrastiveHead(ContrastiveHead):
    """Balanced softmax on both views plus rebalanced contrast; a subclass chooses the pairs that are compared.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        feat_dim: Width D of the embeddings.
        temperature: Divides the similarities.
        con_weight: Weight of the contrastive part.
        effective_number_beta: Weighs the anchors of the contrastive part by the effective number of their class; 0
            weighs all alike.
        contrast_prior: Factor on the log class frequency that is added to each divided similarity; 0 in every recipe.
        queue_init: ``'published'`` or ``'empty'``, see :class:`~ltcl.models.utils.ClasswiseQueue`.
        **kwargs: Arguments of :class:`ContrastiveHead`.
    """

    online_views = 2
    frequency_power = 0.0

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        feat_dim: int = 128,
        temperature: float = 0.2,
        con_weight: float = 0.5,
        effective_number_beta: float = 0.99,
        contrast_prior: float = 0.0,
        queue_init: str = 'published',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        numbers = dict(temperature=temperature, con_weight=con_weight, effective_number_beta=effective_number_beta)
        check_ranges(type(self).__name__, dict(numbers, contrast_prior=contrast_prior))
        self.feat_dim = feat_dim
        self.temperature = temperature
        self.con_weight = con_weight
        self.effective_number_beta = effective_number_beta
        self.contrast_prior = contrast_prior
        self.queue_init = queue_init

    def build_queue(self, slots_per_class: int) -> ClasswiseQueue:
        """A queue for this head's classes and embeddings."""
        return ClasswiseQueue(self.num_classes, slots_per_class, self.feat_dim, self.queue_init)

    def classification_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Siamese balanced softmax: the mean over the rows of both views, shape (2N, num_classes)."""
        return logit_adjusted_loss(logits, labels, self.known_class_counts())

    def contrastive_loss(
        self, anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor, **options: object
    ) -> Tensor:
        """:func:`~ltcl.functional.rebalanced_contrastive_loss`, weighted by class and already times ``con_weight``.

        Args:
            anchors: Unit embeddings, shape (N, D).
            labels: Class of each anchor, int64, shape (N,).
            rows: Further unit rows of the batch, shape (M, D).
            row_labels: Class of each further row, int64, shape (M,).
            **options: What concerns queues and pairs.
        """
        class_prior = None
        if self.contrast_prior:
            class_prior = self.contrast_prior * log_prior(self.known_class_counts())
        return self.con_weight * rebalanced_contrastive_loss(
            anchors,
            labels,
            rows,
            row_labels,
            temperature=self.temperature,
            class_weights=effective_weights(self, self.effective_number_beta or None, scaling='mean_number'),
            class_prior=class_prior,
            **options,
        )
