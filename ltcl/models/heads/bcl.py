"""Head of BCL: one view classifies, the others contrast, and prototypes come out of the classifier's weight."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional import balanced_contrastive_loss, logit_adjusted_loss
from ltcl.functional.precision import full_precision
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..necks import Projector
from ..utils import gather_others
from .base import Views
from .contrastive import ContrastiveHead, top1_accuracy

_unit_rows = full_precision(F.normalize)


@MODELS.register_module()
class BCLHead(ContrastiveHead):
    """Head of `BCL <https://arxiv.org/abs/2207.09052>`_: ``alpha * cross entropy + beta * balanced contrast``.

    The first online view is classified, with the log class frequencies added to its logits; all further ones (two as
    published) are contrasted. The prototype of a class is the row of the classifier's weight, length included, sent
    through an MLP of its own. So the contrast trains the classifier as well.

    Args:
        num_classes: Number of classes, at least 2.
        in_channels: Width C of the pooled features.
        feat_dim: Width D of the embeddings; 1024 on ImageNet-LT.
        hidden_channels: Width between the two layers of the prototype MLP; None means ``in_channels``.
        alpha: Weight of the classification part.
        beta: Weight of the contrastive part.
        temperature: Divides the similarities.
        tau: Strength of the logit adjustment.
        cosine_scale: Scale of the cosine classifier; None has a linear one with bias.
        gather: Contrast the images of all processes with each other; False stays within a process.
        **kwargs: Arguments of :class:`ContrastiveHead`: ``class_counts``, ``init_cfg``, ...

    Differs from the original: a linear classifier works, too. Batch normalisation takes its statistics over the images
    of one process, all views together with ``joint_forward=True``; the published script splits the stacked views over
    GPUs, and its running statistics are those of the first GPU, which sees images of the first view only.

    Raises:
        UserError: ``num_classes`` is 1: the batch normalisation of the prototype MLP sees one row per class.
    """

    online_views = (3, None)

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        feat_dim: int = 128,
        hidden_channels: int | None = None,
        alpha: float = 1.0,
        beta: float = 0.35,
        temperature: float = 0.07,
        tau: float = 1.0,
        cosine_scale: float | None = 30.0,
        gather: bool = True,
        **kwargs: Any,
    ) -> None:
        if num_classes < 2:
            raise UserError(
                f'BCLHead normalises over one prototype per class, but num_classes={num_classes}: use 2 classes or more'
            )
        check_ranges(type(self).__name__, dict(alpha=alpha, beta=beta, temperature=temperature, tau=tau))
        super().__init__(num_classes, in_channels, cosine_scale=cosine_scale, **kwargs)
        self.prototype_projector = Projector(
            in_channels, feat_dim, hidden_channels=hidden_channels, norm_cfg=dict(type='BN1d')
        )
        self.alpha = alpha
        self.beta = beta
        self.temperature = temperature
        self.tau = tau
        self.with_gather = gather

    @property
    def frequency_power(self) -> float:
        """See :func:`ltcl.models.class_mix.frequency_power`."""
        return 1 - self.tau

    def prototypes(self) -> Tensor:
        """Unit row of each class, with gradient, shape (num_classes, D)."""
        return _unit_rows(self.prototype_projector(self.fc.weight), dim=1)

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step.

        Args:
            views: The features of the first online view are classified, the embeddings of all others contrasted.

        Returns:
            ``loss_cls`` (already times alpha), ``loss_con`` (times beta) and ``accuracy`` (top-1 of the first view
            without prior, in %).
        """
        logits = self.fc(views.feats[0])
        loss_cls = logit_adjusted_loss(logits, views.labels, self.known_class_counts(), tau=self.tau, eps=0)
        return dict(
            loss_cls=self.alpha * loss_cls,
            loss_con=self.beta * self._contrast(views.embeddings[1:], views.labels),
            accuracy=top1_accuracy(logits, views.labels),
        )

    def _contrast(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """Mean over the anchors of this process, which are compared with the rows of all of them."""
        anchors, anchor_labels = torch.cat(views), labels.repeat(len(views))
        others = [anchors[:0], anchor_labels[:0]]
        if self.with_gather:
            their_labels = gather_others(labels).unflatten(0, (-1, len(labels))).repeat(1, len(views))
            others = [gather_others(anchors), their_labels.flatten()]
        return balanced_contrastive_loss(
            anchors, anchor_labels, *others, prototypes=self.prototypes(), temperature=self.temperature
        )
