"""Head of PaCo and GPaCo."""

from typing import Any

import torch
from torch import Tensor

from ltcl.functional import paco_loss
from ltcl.recipe_rules.centre_share import remark_on_share
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from .base import Views
from .contrastive import QueueContrastiveHead, top1_accuracy


@MODELS.register_module()
class PaCoHead(QueueContrastiveHead):
    """Parametric contrastive loss; its class centres are the rows of the classifier.

    The embeddings it is given are the anchors: those of the query view for `PaCo <https://arxiv.org/abs/2107.12028>`_
    (with a key view beside it), those of both views for `GPaCo <https://arxiv.org/abs/2209.12400>`_ (without).

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        alpha: Weight of each positive sample against the class centre. With few classes the queue holds many positives
            of each anchor, which calls for a smaller value.
        beta: Weight of the class centre.
        gamma: Weight of the sample terms in the denominator.
        supt: Divides the class logits after the prior is added.
        temperature: Divides the sample similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``; None means 1.
        smoothing: Label smoothing of the centre's target, 0.1 in GPaCo on full ImageNet.
        with_prior: Add the log class frequency to the class logits; False in PaCo on full ImageNet.
        **kwargs: Arguments of :class:`QueueContrastiveHead`: ``feat_dim``, ``queue_len``, ``queue_init``, ...

    Differs from the original: beside the published queue initialisation there is one whose empty slots stay out of the
    loss; the queue wraps, so its length need not be a multiple of the batch.
    """

    online_views = (1, None)
    key_views = (0, None)
    uses_class_counts = 'with_prior'

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        alpha: float = 0.05,
        beta: float = 1.0,
        gamma: float = 1.0,
        supt: float = 1.0,
        temperature: float = 0.2,
        base_temperature: float | None = None,
        smoothing: float = 0.0,
        with_prior: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        self.alpha = alpha
        self.with_prior = with_prior
        self.loss_args = dict(
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            supt=supt,
            temperature=temperature,
            base_temperature=base_temperature,
            smoothing=smoothing,
        )
        check_ranges(type(self).__name__, self.loss_args)

    @property
    def frequency_power(self) -> float:
        """See :func:`ltcl.models.class_mix.frequency_power`: the prior is added in training only."""
        return 0.0 if self.with_prior else 1.0

    def remark_on_counts(self, batch_rows: int) -> str | None:
        """What is the matter with queue and alpha for the class counts; see :func:`.remark_on_share`.

        Args:
            batch_rows: Images of a step on a process, times views.
        """
        return remark_on_share(self.known_class_counts().tolist(), self.queue.queue_len, batch_rows, self.alpha)

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Loss of one step; stores the newest embeddings in the queue afterwards.

        Returns:
            ``loss_paco`` and ``accuracy`` (top-1 of the first view without prior, in %).
        """
        logits = self.fc(torch.cat(views.feats))
        loss = paco_loss(
            torch.cat(views.embeddings),
            views.labels.repeat(len(views.embeddings)),
            *self.contrast_rows(views),
            logits=logits,
            class_counts=self.known_class_counts() if self.with_prior else None,
            **self.loss_args,
        )
        self.enqueue(views)
        return dict(loss_paco=loss, accuracy=top1_accuracy(logits[: len(views.labels)], views.labels))
