"""Heads of KCL and TSC within a batch, as the authors train them on CIFAR."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional import in_batch_contrastive_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils import ClassCountsMixin, ClassTargetsMixin, gather, gather_with_grad
from .base import Needs, Views
from .contrastive import effective_weights
from .kcl import EmbeddingHead


@MODELS.register_module()
class InBatchKCLHead(ClassCountsMixin, EmbeddingHead):
    """K-positive contrast between the views of a batch, without queue and momentum encoder.

    Use it with one or two online views and ``joint_forward=True``. Each of several processes compares its rows with
    those of all.

    Args:
        num_classes: Number of classes.
        num_positives: Positives K that are drawn for each row beside its other view; 0 takes all of its class, which is
            supervised contrast.
        temperature: Divides the similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``.
        unbiased: Leave the other positives out of each pair's denominator.
        anchors: Rows whose loss is averaged: ``'all'``, ``'first_view'`` or ``'targets'`` (TSC only).
        effective_number_beta: Weigh the rows by the effective number of their class (0.9999 in the original's option).
            None weighs all alike.
        class_counts: Training images per class, for use without ``ltcl.ClassCountsHook``.
        init_cfg: As in mmengine; there is nothing to initialise.

    Differs from the original: a row without any positive contributes 0 instead of not a number.

    Raises:
        UserError: Negative ``num_positives``, or other ``anchors``.
    """

    online_views = (1, 2)
    uses_class_counts = 'effective_number_beta'
    known_anchors: tuple[str, ...] = ('all', 'first_view')

    def __init__(
        self,
        num_classes: int,
        num_positives: int = 6,
        temperature: float = 0.07,
        base_temperature: float = 0.07,
        unbiased: bool = False,
        anchors: str = 'all',
        effective_number_beta: float | None = None,
        class_counts: list[int] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(num_classes, num_positives, init_cfg)
        if anchors not in self.known_anchors:
            raise UserError(f'anchors of {type(self).__name__} must be one of {self.known_anchors}, got {anchors!r}')
        self.effective_number_beta = effective_number_beta
        self.loss_args = dict(
            temperature=temperature, base_temperature=base_temperature, unbiased=unbiased, averaged=anchors
        )
        self.target_args: dict[str, int | bool] = {}
        check_ranges(type(self).__name__, dict(self.loss_args, effective_number_beta=effective_number_beta))
        self.register_class_counts(num_classes, class_counts)

    def loss(self, views: Views) -> dict[str, Tensor]:
        """``loss_con`` of one step, from the embeddings of the online views."""
        num_views, num_images = len(views.embeddings), len(views.labels)
        anchors = gather_with_grad(torch.cat(views.embeddings))  # of rank 0 all views, then of rank 1 ...
        anchors = anchors.unflatten(0, (-1, num_views, num_images)).transpose(0, 1).flatten(0, 2)
        labels = gather(views.labels).repeat(num_views)
        self.follow(anchors, labels)
        targets, classes = self.target_rows(anchors)
        num_rows = len(anchors) + num_views * len(targets) * self.target_args.get('target_repeat', 0)
        loss = in_batch_contrastive_loss(
            anchors,
            labels,
            targets,
            classes,
            num_classes=self.num_classes,
            num_views=num_views,
            share=(get_rank(), get_world_size()),
            draws=self.draw_uniform(num_rows, labels.device),
            class_weights=effective_weights(self, self.effective_number_beta),
            **self.loss_args,
            **self.target_args,
        )
        return dict(loss_con=loss)

    def follow(self, anchors: Tensor, labels: Tensor) -> None:
        """What a subclass does with the rows of all processes before they are compared: nothing."""

    def target_rows(self, anchors: Tensor) -> tuple[Tensor, Tensor]:
        """Targets (T, D) among the images and the class of each (T,): none."""
        return anchors[:0], torch.arange(0, device=anchors.device)


@MODELS.register_module()
class InBatchTSCHead(ClassTargetsMixin, InBatchKCLHead):
    """TSC on CIFAR: copies of fixed targets stand among the images of each view.

    As published, every class has its target from the start, by a fixed order. ``match_centers=True`` assigns them as on
    large data sets instead, driven by ``ltcl.TargetAssignmentHook``.

    Args:
        num_classes: Number of classes.
        feat_dim: Width D of the embeddings.
        targets: A ``.npy`` or ``.pt`` file of shape (num_classes, D). None generates them when the weights are
            initialised.
        target_seed: Seed of generated targets.
        target_repeat: Copies r of each target in each view; it takes the place of a weight.
        all_targets_positive: Every copy of the own target is a positive, as the author describes the method. False lets
            copies be drawn like images, as the released script does.
        target_order: Class of each target, a permutation; None is 0, 1, 2, ... The original has
            ``[4, 8, 3, 1, 9, 5, 2, 7, 0, 6]`` for CIFAR-10.
        match_centers: Match targets with class centers; False keeps the order.
        center_momentum: Share of the old class center that is kept at an update, in 0..1.
        **kwargs: Arguments of :class:`InBatchKCLHead`.

    Differs from the original: matching is an option; targets are generated here.

    Raises:
        UserError: ``target_repeat`` below 1, ``target_order`` is no permutation, or a mistake that the base raises.
    """

    uses_targets = True
    known_anchors = ('all', 'first_view', 'targets')

    @classmethod
    def needs(cls, arguments: Mapping[str, Any]) -> Needs:
        """The hook is needed for matching only."""
        needs = super().needs(arguments)
        needs.hooks = ('ltcl.TargetAssignmentHook',) if arguments['match_centers'] else ()
        return needs

    def __init__(
        self,
        num_classes: int,
        feat_dim: int = 128,
        targets: str | None = None,
        target_seed: int = 0,
        target_repeat: int = 25,
        all_targets_positive: bool = False,
        target_order: Sequence[int] | None = None,
        match_centers: bool = False,
        center_momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        if target_order is not None and sorted(target_order) != list(range(num_classes)):
            raise UserError(f'target_order must name each class 0..{num_classes - 1} once, got {list(target_order)}')
        self.register_targets(num_classes, feat_dim, targets, target_seed, target_repeat, center_momentum)
        if target_order is not None:
            self.assignment.copy_(torch.tensor(target_order).argsort())
        self.match_centers = match_centers
        self.targeted = not match_centers
        self.target_args = dict(target_repeat=target_repeat, all_targets_positive=all_targets_positive)

    def follow(self, anchors: Tensor, labels: Tensor) -> None:
        """Move the class centers and match them with the targets, where the hook has set this step for it."""
        if self.match_centers:
            if self.update_centers:
                self.move_centers(anchors, labels)
            self.match_if_due()

    def target_rows(self, anchors: Tensor) -> tuple[Tensor, Tensor]:
        """Targets (T, D) among the images and the class of each (T,), where the targets are on."""
        if not self.targeted:
            return super().target_rows(anchors)
        return self.class_targets(), torch.arange(self.num_classes, device=anchors.device)
