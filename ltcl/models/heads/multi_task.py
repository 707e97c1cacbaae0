"""Head of the multi-task baselines: classification beside supervised contrast, without class centres."""

from typing import Any

import torch
from torch import Tensor

from ltcl.functional import supcon_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .base import Views
from .contrastive import QueueContrastiveHead, effective_weights, top1_accuracy


@MODELS.register_module()
class MultiTaskHead(QueueContrastiveHead):
    """Cross entropy plus ``alpha`` times supervised contrast with a queue, the baseline that GPaCo is compared with.

    The ``loss`` argument chooses the classification part: ``ltcl.BalancedSoftmaxLoss`` for long-tailed data,
    ``CrossEntropyLoss`` for balanced data, ``LabelSmoothLoss`` for ViT.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        alpha: Weight of the contrastive part, 0.5 in every published recipe.
        temperature: Divides the sample similarities.
        base_temperature: The contrastive part is multiplied by ``temperature / base_temperature``; None means 1.
        effective_number_beta: Weigh the anchors of the contrastive part by the effective number of their class, as the
            original intends (0.999). None weighs all alike, as the original does.
        **kwargs: Arguments of :class:`QueueContrastiveHead`, and ``loss``.

    Differs from the original: its effective-number weights cancel to 1, because the counts are normalised along the
    wrong axis. That is the default here; the intended weights are an option.
    """

    online_views = (1, None)
    key_views = (0, None)
    uses_class_counts = 'effective_number_beta'
    takes_loss = True

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        alpha: float = 0.5,
        temperature: float = 0.2,
        base_temperature: float | None = None,
        effective_number_beta: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        self.alpha = alpha
        self.effective_number_beta = effective_number_beta
        self.loss_args = dict(temperature=temperature, base_temperature=base_temperature)
        numbers = dict(self.loss_args, alpha=alpha, effective_number_beta=effective_number_beta)
        check_ranges(type(self).__name__, numbers)

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step; stores the newest embeddings in the queue afterwards.

        Returns:
            ``loss_cls``, ``loss_con`` (already times alpha) and ``accuracy`` (top-1 of the first view, in %).
        """
        logits = self.fc(torch.cat(views.feats))
        anchor_labels = views.labels.repeat(len(views.embeddings))
        loss_con = supcon_loss(
            torch.cat(views.embeddings),
            anchor_labels,
            *self.contrast_rows(views),
            num_classes=self.num_classes,
            class_weights=effective_weights(self, self.effective_number_beta),
            **self.loss_args,
        )
        self.enqueue(views)
        logits = logits if logits.dtype == torch.float64 else logits.float()
        return dict(
            loss_cls=self.loss_module(logits, anchor_labels, avg_factor=len(logits)),
            loss_con=self.alpha * loss_con,
            accuracy=top1_accuracy(logits[: len(views.labels)], views.labels),
        )
