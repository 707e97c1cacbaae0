"""Heads of ResCo and ResCom: balanced softmax on two views, contrast with class-wise queues."""

from typing import Any

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import MODELS

from ..utils import gather
from .base import Views
from .contrastive import top1_accuracy
from .rebalanced import RebalancedContrastiveHead


@MODELS.register_module()
class ResCoHead(RebalancedContrastiveHead):
    """Rebalanced Siamese contrast, first published form: one queue of positives, one of negatives, no mining.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. The first view's embeddings are
    the anchors. They meet the second view's on the same process, ``positives_per_class`` queue rows of their class and
    ``negatives_per_class`` of each other class; the second view's are then enqueued. The model has
    ``online_views=(0, 1)`` and ``joint_forward=False``.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        positives_per_class: Slots of each class in the queue of positives.
        negatives_per_class: Slots of each class in the queue of negatives.
        align_contrast_prior: Give each column the prior of its own class. False shifts the priors of queue columns as
            published, where the own class comes first but the priors are in class order; this needs equally many
            positives and negatives per class. Without effect while ``contrast_prior`` is 0.
        always_enqueue: Enqueue even if ``negatives_per_class`` is 0. False leaves the positives random for ever then,
            as published.
        **kwargs: Arguments of :class:`RebalancedContrastiveHead`: ``feat_dim``, ``temperature``, ``con_weight``, ...

    Differs from the original: both defects named above can be put right, and unwritten slots can be left out of the
    loss. The queue is masked by class; nothing loops over samples.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        positives_per_class: int = 4,
        negatives_per_class: int = 1,
        align_contrast_prior: bool = False,
        always_enqueue: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        if self.contrast_prior and not align_contrast_prior and positives_per_class != negatives_per_class:
            raise UserError(
                'contrast_prior as published needs positives_per_class equal to negatives_per_class, got '
                f'{positives_per_class} and {negatives_per_class}: set align_contrast_prior=True'
            )
        self.positive_queue = self.build_queue(positives_per_class)
        self.negative_queue = self.build_queue(negatives_per_class)
        self.align_contrast_prior = align_contrast_prior
        self.enqueues = always_enqueue or negatives_per_class > 0

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step; stores the second view's embeddings in both queues afterwards.

        Returns:
            ``loss_cls``, ``loss_con`` (already times ``con_weight``) and ``accuracy`` (top-1 of the first view without
            prior, in %).
        """
        labels, logits = views.labels, self.fc(torch.cat(views.feats))
        anchors, rows = views.embeddings
        positive_rows, valid_positives = self.positive_queue.contents()
        negative_rows, valid_negatives = self.negative_queue.contents()
        loss_con = self.contrastive_loss(
            anchors,
            labels,
            rows,
            labels,
            queue=positive_rows,
            valid=valid_positives,
            negative_queue=negative_rows,
            negative_valid=valid_negatives,
            among_anchors=False,
            align_prior=self.align_contrast_prior,
        )
        if self.enqueues:
            newest = gather(rows.detach()), gather(labels)
            self.positive_queue.write(*newest)
            self.negative_queue.write(*newest)
        return dict(
            loss_cls=self.classification_loss(logits, labels.repeat(2)),
            loss_con=loss_con,
            accuracy=top1_accuracy(logits[: len(labels)], labels),
        )


@MODELS.register_module()
class ResComHead(RebalancedContrastiveHead):
    """Rebalanced Siamese contrastive mining: the hardest positives and negatives of one class-wise queue.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. The embeddings of both views are
    anchors and meet each other, all on the same process; of the queue they meet what they find hardest. The first
    view's are then enqueued. The model has ``online_views=(0, 1)`` and ``joint_forward=True``.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        queue_per_class: Slots Q of each class in the queue.
        num_hard_positives: Queue rows of the own class with the smallest similarity, at most Q.
        num_hard_negatives: Queue rows of other classes with the largest similarity, at most Q * (num_classes - 1).
            None: as many as there are other classes.
        **kwargs: Arguments of :class:`RebalancedContrastiveHead`: ``feat_dim``, ``temperature``, ``con_weight``, ...

    Raises:
        UserError: More hard pairs than the queue can hold.

    Differs from the original: the prior that ``contrast_prior`` adds is that of the column's class, where the published
    code ends with a shape error. The batch may change its size from step to step. Unwritten slots can be left out of
    the loss. A class mask takes the place of index tables, which need gigabytes for thousands of classes.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        queue_per_class: int = 10,
        num_hard_positives: int = 1,
        num_hard_negatives: int | None = 40,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        others = queue_per_class * (num_classes - 1)
        if num_hard_negatives is None:
            num_hard_negatives = num_classes - 1
        if not 0 <= num_hard_positives <= queue_per_class:
            raise UserError(
                f'num_hard_positives={num_hard_positives} must be in 0..{queue_per_class}, which is queue_per_class: '
                'change one of them'
            )
        if not 0 <= num_hard_negatives <= others:
            raise UserError(
                f'num_hard_negatives={num_hard_negatives} must be in 0..{others}, which is queue_per_class='
                f'{queue_per_class} times the {num_classes - 1} other classes: change one of them'
            )
        self.class_queue = self.build_queue(queue_per_class)
        self.num_hard = dict(num_positives=num_hard_positives, num_negatives=num_hard_negatives)

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step; stores the first view's embeddings in the queue afterwards.

        Returns:
            ``loss_cls``, ``loss_con`` (already times ``con_weight``) and ``accuracy`` (top-1 of both views without
            prior, in %).
        """
        logits = self.fc(torch.cat(views.feats))
        anchors, anchor_labels = torch.cat(views.embeddings), views.labels.repeat(2)
        rows, valid = self.class_queue.contents()
        loss_con = self.contrastive_loss(
            anchors, anchor_labels, anchors[:0], anchor_labels[:0], queue=rows, valid=valid, num_hard=self.num_hard
        )
        self.class_queue.enqueue(views.embeddings[0], views.labels)
        return dict(
            loss_cls=self.classification_loss(logits, anchor_labels),
            loss_con=loss_con,
            accuracy=top1_accuracy(logits, anchor_labels),
        )
