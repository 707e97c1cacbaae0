"""What the heads with a classifier have in common, without and with a queue."""

from typing import Any

import torch
from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights

from ..utils import ClassCountsMixin, FeatureQueue
from .base import MethodHead, Views
from .cosine import build_classifier


class ContrastiveHead(ClassCountsMixin, MethodHead, LinearClsHead):
    """Classifier and class counts; a subclass adds the loss.

    Prediction is mmpretrain's: class logits of the pooled feature, without prior, embedding or queue.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        cosine_scale: Scale of a cosine classifier; None has a linear one with bias.
        class_counts: Training images per class, for use without ``ltcl.ClassCountsHook``.
        init_cfg: Initialisation of the classifier; None keeps PyTorch's, as published.
        **kwargs: ``loss``, of a head that has a use for it.

    Raises:
        UserError: An argument of mmpretrain's ``ClsHead`` that would have no effect.
    """

    uses_class_counts: bool | str = True
    takes_loss = False
    """Whether ``loss``, a loss of class logits, is a part of that of the head, as :attr:`loss_module`."""
    num_classes: int
    loss_module: nn.Module

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        cosine_scale: float | None = None,
        class_counts: list[int] | None = None,
        init_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        for name in ('loss', 'cal_acc', 'topk'):
            if name in kwargs and not (name == 'loss' and self.takes_loss):
                raise UserError(
                    f'{type(self).__name__} computes loss and accuracy by itself, so {name} would have no effect: '
                    f'leave model.head.{name} out'
                )
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **kwargs)
        self.fc = build_classifier(in_channels, num_classes, cosine_scale)
        self.register_class_counts(num_classes, class_counts)


class QueueContrastiveHead(ContrastiveHead):
    """Classifier, class counts and queue; a subclass adds the loss.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        feat_dim: Width D of the embeddings.
        queue_len: Slots K of the queue; 0 has none.
        queue_init: ``'published'``, ``'unlabelled'`` or ``'empty'``, see :class:`~ltcl.models.utils.FeatureQueue`.
        **kwargs: Arguments of :class:`ContrastiveHead`.
    """

    uses_queue = True

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        feat_dim: int = 128,
        queue_len: int = 8192,
        queue_init: str = 'published',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        self.queue = FeatureQueue(queue_len, feat_dim, num_classes, queue_init)

    def contrast_rows(self, views: Views) -> tuple[Tensor, Tensor]:
        """Frozen rows that the anchors are compared with: the keys of this batch, then the queue.

        Returns:
            Rows (M, D) and their labels (M,), a copy that the coming enqueue leaves alone.
        """
        keys, (rows, labels) = views.keys, self.queue.contents()
        rows = torch.cat([*keys, rows.to(keys[0].dtype if keys else rows.dtype)])
        return rows, torch.cat([views.labels.repeat(len(keys)), labels])

    def enqueue(self, views: Views) -> None:
        """Store the last key view, or the last online view where there is no key view."""
        self.queue.enqueue((views.keys or views.embeddings)[-1], views.labels)


def effective_weights(head: ClassCountsMixin, beta: float | None, **options: Any) -> Tensor | None:
    """Weight of each class (num_classes,) by the effective number of its images; None without ``beta``."""
    return None if beta is None else effective_number_weights(head.known_class_counts(), beta, **options)


def top1_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of rows of (N, num_classes) whose largest logit is the label's, in %, without gradient."""
    return 100 * (logits.detach().argmax(1) == labels).float().mean()
