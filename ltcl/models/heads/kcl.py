"""Head of KCL: k-positive contrast with a queue, without a classifier."""

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional import KPositiveLoss, k_positive_contrastive_loss
from ltcl.notices import warn
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils import FeatureQueue, gather
from .base import MethodHead, Views


class EmbeddingHead(MethodHead):
    """Head of a first stage: it trains an encoder and predicts features, not classes; a subclass adds the loss.

    Args:
        num_classes: Number of classes.
        num_positives: Positives K that are drawn for each anchor; 0 takes all.
        init_cfg: Unused by these heads, whose parameters, if any, are fixed.
    """

    has_classifier = False

    def __init__(self, num_classes: int, num_positives: int = 6, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_positives < 0:
            raise UserError(f'num_positives must be 0 (all) or positive, got {num_positives}')
        self.num_classes = num_classes
        self.num_positives = num_positives

    def draw_uniform(self, num_anchors: int, device: torch.device) -> Tensor | None:
        """Numbers in 0..1 that choose the positives, shape (K, num_anchors); None where all are taken."""
        if not self.num_positives:
            return None
        return torch.rand(self.num_positives, num_anchors, dtype=torch.float64, device=device)

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Pooled features (N, C) of the last stage."""
        return feats[-1]

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Pooled features (N, C): there are no logits."""
        return self.pre_logits(feats)

    def predict(self, feats: tuple[Tensor, ...], data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Attach to each sample its pooled feature as ``features``, for metrics that compare images.

        Args:
            feats: Features of each stage; the last one is pooled, shape (N, C).
            data_samples: N samples; None makes new ones.

        Returns:
            The samples.
        """
        rows = self.pre_logits(feats).detach()
        data_samples = data_samples or [DataSample() for _ in rows]
        for sample, row in zip(data_samples, rows, strict=True):
            sample.set_field(row, 'features')
        return data_samples


@MODELS.register_module()
class KCLHead(EmbeddingHead):
    """K-positive contrastive loss with a queue, the first stage of KCL.

    From `Exploring Balanced Feature Spaces for Representation Learning <https://openreview.net/forum?id=OqtLIabPTit>`_.
    Use it with one online view (the query) and one key view; a classifier is trained on the features afterwards.

    Args:
        num_classes: Number of classes.
        feat_dim: Width D of the embeddings.
        queue_len: Slots L of the queue.
        num_positives: Positives K that are drawn from the queue for each anchor; 0 takes all of its class.
        temperature: Divides the similarities.
        init_cfg: As in mmengine; there is nothing to initialise.

    Differs from the original: the queue wraps, so its length need not be a multiple of the batch; one process needs no
    process group. Kept as published: rows of the queue that are not written yet are negatives, and an image's key of
    the previous epoch may be a positive.

    Raises:
        UserError: ``num_positives`` is negative.
    """

    key_views = 1
    uses_queue = True

    def __init__(
        self,
        num_classes: int,
        feat_dim: int = 128,
        queue_len: int = 65536,
        num_positives: int = 6,
        temperature: float = 0.07,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(num_classes, num_positives, init_cfg)
        check_ranges(type(self).__name__, dict(temperature=temperature))
        if num_positives > queue_len:
            warn(
                f'num_positives={num_positives} is more than queue_len={queue_len}: every anchor takes all positives '
                'that the queue holds, as with num_positives=0'
            )
        self.temperature = temperature
        self.queue = FeatureQueue(queue_len, feat_dim, num_classes, init='unlabelled')

    def loss(self, views: Views) -> dict[str, Tensor]:
        """``loss_con`` of one step, and what a subclass adds; stores the keys in the queue afterwards."""
        (queries,), (keys,) = views.embeddings, views.keys
        all_labels = gather(views.labels)
        self.follow(queries, all_labels)
        losses = self.contrast(queries, keys, views.labels)
        self.queue.write(gather(keys.detach()), all_labels)
        return losses

    def follow(self, queries: Tensor, all_labels: Tensor) -> None:
        """What a subclass does before the contrast: nothing.

        Args:
            queries: Unit embeddings of the online view on this process, shape (N, D).
            all_labels: Classes of the images of all processes, int64, shape (world_size * N,).
        """

    def contrast(self, queries: Tensor, keys: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The losses, before the queue takes the keys.

        Args:
            queries: Unit embeddings of the online view, shape (N, D).
            keys: Unit embeddings of the key view, shape (N, D).
            labels: Class of each image, int64, shape (N,).
        """
        return dict(loss_con=self.k_positive_loss(queries, keys, labels).class_term)

    def k_positive_loss(self, queries: Tensor, keys: Tensor, labels: Tensor, **targets: object) -> KPositiveLoss:
        """:func:`~ltcl.functional.k_positive_contrastive_loss` against the queue as it is now."""
        queue_embeddings, queue_labels = self.queue.contents()
        return k_positive_contrastive_loss(
            queries,
            labels,
            queue_embeddings.to(queries.dtype),
            queue_labels,
            keys=keys,
            num_classes=self.num_classes,
            draws=self.draw_uniform(len(labels), labels.device),
            temperature=self.temperature,
            **targets,
        )
