"""Head of ProCo: one view classifies, the others contrast with distributions of the classes that are estimated here."""

from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.functional.logit_adjustment import logit_adjusted_loss
from ltcl.functional.proco import ClassMeans, joined, means_of, proco_loss, random_means
from ltcl.registry import HOOKS, MODELS
from ltcl.value_ranges import check_ranges

from ..utils import gather
from .base import Views
from .contrastive import ContrastiveHead, top1_accuracy


class MeansBuffer(nn.Module):
    """Means of the classes as buffers: a checkpoint carries them.

    Args:
        means: What it starts with.
    """

    mean: Tensor
    amount: Tensor

    def __init__(self, means: ClassMeans) -> None:
        super().__init__()
        self.register_buffer('mean', means.mean)
        self.register_buffer('amount', means.amount)

    @property
    def means(self) -> ClassMeans:
        """The means, not copied."""
        return ClassMeans(self.mean, self.amount)

    def take(self, means: ClassMeans) -> None:
        """Hold other means from now on."""
        self.mean.copy_(means.mean)
        self.amount.copy_(means.amount)

    def add(self, means: ClassMeans) -> None:
        """Join further rows to those seen."""
        self.take(joined(self.means, means))


@MODELS.register_module()
class ProCoHead(ContrastiveHead):
    """Head of `ProCo <https://arxiv.org/abs/2403.06726>`_: cross entropy and ``alpha * expected contrast``.

    The first online view is classified, with the log class frequencies added to its logits; all further ones (two as
    published) are contrasted, one after the other, with the von Mises-Fisher distribution of each class. Of a
    distribution the mean of the embeddings is all that has to be known. There are two sets of means, which take up the
    contrasted rows of all processes: the one in use holds those of the last epoch and of the present one so far, the
    other those of the present one; ``ltcl.ClassMeansHook`` hands it over at the start of the next epoch.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        feat_dim: Width D of the embeddings; 1024 on ImageNet-LT.
        alpha: Weight of the contrastive part.
        temperature: Divides the similarities.
        cosine_scale: Scale of the cosine classifier; None has a linear one with bias, as published for CIFAR.
        **kwargs: Arguments of :class:`ContrastiveHead`: ``class_counts``, ``init_cfg``, ...

    Differs from the original: concentrations and normalisers are computed from the means when they are needed, not
    stored. The accuracy that is logged is that of the class logits; the original adds those of the contrast. A run
    resumes in mid-epoch with both sets of means.
    """

    online_views = (3, None)
    frequency_power = 0.0
    hooks = ('ltcl.ClassMeansHook',)
    used: MeansBuffer
    running: MeansBuffer
    begun_epoch: Tensor

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        feat_dim: int = 128,
        alpha: float = 1.0,
        temperature: float = 0.07,
        cosine_scale: float | None = 30.0,
        **kwargs: Any,
    ) -> None:
        check_ranges(type(self).__name__, dict(feat_dim=feat_dim, alpha=alpha, temperature=temperature))
        super().__init__(num_classes, in_channels, cosine_scale=cosine_scale, **kwargs)
        self.used, self.running = (MeansBuffer(random_means(num_classes, feat_dim)) for _ in range(2))
        self.register_buffer('begun_epoch', torch.tensor(-1))
        # Python mirror of it, so that no step reads a number back from the GPU.
        self._mirror: int | None = None
        self.register_load_state_dict_post_hook(ProCoHead._forget_mirror)
        self.alpha = alpha
        self.temperature = temperature

    def _forget_mirror(self, _incompatible_keys: object) -> None:
        self._mirror = None

    def begin_epoch(self, epoch: int, seed: int) -> None:
        """Use the means of the last epoch, and begin to collect those of the next one; a second call does nothing.

        Args:
            epoch: The epoch that begins, counted from 0.
            seed: Of the directions that the new means start with, together with the epoch.
        """
        if self._mirror is None:
            self._mirror = int(self.begun_epoch)
        if self._mirror == epoch:
            return
        self.used.take(self.running.means)
        generator = torch.Generator().manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))
        num_classes, feat_dim = self.running.mean.shape
        self.running.take(random_means(num_classes, feat_dim, generator))
        self.begun_epoch.fill_(epoch)
        self._mirror = epoch

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step.

        Args:
            views: The features of the first online view are classified, the embeddings of all others contrasted.

        Returns:
            ``loss_cls``, ``loss_con`` (already times alpha) and ``accuracy`` (top-1 of the first view without prior,
            in %).
        """
        logits, contrasted = self.fc(views.feats[0]), views.embeddings[1:]
        # Of each view the rows of all processes, rank 0 first.
        rows = gather(torch.stack(contrasted).detach()).unflatten(0, (-1, len(contrasted)))
        all_rows, labels = rows.transpose(0, 1).flatten(1, 2), gather(views.labels)
        terms = [self._contrast(*both, views.labels, labels) for both in zip(contrasted, all_rows, strict=True)]
        return dict(
            loss_cls=logit_adjusted_loss(logits, views.labels, self.known_class_counts(), eps=0),
            loss_con=self.alpha * sum(terms[1:], terms[0]) / len(terms),
            accuracy=top1_accuracy(logits, views.labels),
        )

    def _contrast(self, embeddings: Tensor, rows: Tensor, labels: Tensor, row_labels: Tensor) -> Tensor:
        """Mean over the rows of a view on this process, after ``rows``, those of all, have joined the means."""
        batch = means_of(rows.to(self.used.mean.dtype), row_labels, self.num_classes)
        self.used.add(batch)
        self.running.add(batch)
        return proco_loss(
            embeddings,
            labels,
            class_means=self.used.mean,
            class_counts=self.known_class_counts(),
            temperature=self.temperature,
        )


@HOOKS.register_module()
class ClassMeansHook(Hook):
    """Tells :class:`ProCoHead` that an epoch begins, in loops by epoch and by iteration alike."""

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Call the head before each iteration: an update that is left out puts back the beginning of an epoch too.

        Raises:
            UserError: The model has another head.
        """
        head = getattr(get_ori_model(runner.model), 'head', None)
        if not isinstance(head, ProCoHead):
            raise UserError(
                f'ClassMeansHook needs an ltcl.ProCoHead, not a {type(head).__name__}: take the hook out of the config'
            )
        head.begin_epoch(runner.iter // len(runner.train_dataloader), runner.seed)
