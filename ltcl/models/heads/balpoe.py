"""Head of BalPoE: several classifiers on one encoder, trained for different class frequencies, answer as one."""

from collections.abc import Callable, Sequence

import torch
from mmpretrain.models.heads import ClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional import balpoe_loss
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils import ClassCountsMixin
from .cosine import build_classifier


@MODELS.register_module()
class BalPoEHead(ClassCountsMixin, ClsHead):
    r"""Experts that share all features; each has its own classifier and strength of logit adjustment.

    From `Balanced Product of Calibrated Experts for Long-Tailed Recognition <https://arxiv.org/abs/2206.05260>`_. The
    paper gives expert e a target distribution of classes proportional to :math:`\pi^{\lambda_e}`, where :math:`\pi` are
    the class frequencies: :math:`\lambda` of 1, 0 and -1 is the training set's, the uniform and the inverse
    distribution. That is cross entropy of ``logits + tau * log(frequency)`` with :math:`\tau_e = 1 - \lambda_e`, hence
    0, 1 and 2. The product of the experts is the mean of their logits; it is unbiased for a balanced test set if the
    :math:`\lambda` have the mean 0, which is a mean of 1 of the ``taus``.

    Use it in ``ImageClassifier``, with ``ltcl.ClassCountsHook``. The paper calibrates the experts by mixup:
    ``data_preprocessor=dict(batch_augments=dict(augments=dict(type='Mixup', alpha=0.4)))``.

    Args:
        num_classes: Number of classes.
        in_channels: Width C of the pooled features.
        taus: Strength of the logit adjustment of each expert, at least one; (0, 1.25, 2.5) on ImageNet-LT.
        cosine_scale: Scale of cosine classifiers; None has linear ones with bias.
        class_counts: Training images per class, for use without ``ltcl.ClassCountsHook``.
        init_cfg: Initialisation of the classifiers; None keeps PyTorch's, or the cosine classifier's own.

    Differs from the original: the experts share the whole encoder; in the original each has its own last stages (two of
    three of the CIFAR network, two of four of the ImageNet one). With several processes each draws its own mixup.

    Raises:
        UserError: No expert, or a negative strength.
    """

    pre_logits: Callable[[Sequence[Tensor]], Tensor]

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        taus: Sequence[float] = (0.0, 1.0, 2.0),
        cosine_scale: float | None = 30.0,
        class_counts: list[int] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not taus:
            raise UserError('taus of BalPoEHead is empty: give the strength of each expert, such as (0, 1, 2)')
        check_ranges(type(self).__name__, dict(taus=taus))
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.taus = tuple(taus)
        # One matrix product: a row of the weight is a class of an expert, the experts one after another.
        self.experts = build_classifier(in_channels, len(taus) * num_classes, cosine_scale)
        self.register_class_counts(num_classes, class_counts)

    @property
    def frequency_power(self) -> float:
        """See :func:`ltcl.models.class_mix.frequency_power`: that of the product."""
        return 1 - sum(self.taus) / len(self.taus)

    def expert_logits(self, feats: Sequence[Tensor]) -> Tensor:
        """Map features, the last of shape (N, C), to the logits of each expert, shape (N, E, num_classes)."""
        return self.experts(self.pre_logits(feats)).unflatten(1, (len(self.taus), self.num_classes))

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Logits of the product of the experts, shape (N, num_classes)."""
        return self.expert_logits(feats).mean(1)

    def loss(self, feats: Sequence[Tensor], data_samples: list[DataSample], **_: object) -> dict[str, Tensor]:
        """Mean over the experts of their logit-adjusted cross entropies.

        Args:
            feats: Features of each stage; the last one is pooled, shape (N, C).
            data_samples: N samples with ``gt_label``, and with mixup ``gt_score``, the shares of the classes.

        Returns:
            ``loss_cls``.

        Raises:
            UserError: The shares are of another number of classes.
        """
        logits, counts = self.expert_logits(feats), self.known_class_counts()
        labels = torch.cat([sample.gt_label for sample in data_samples])
        shares = self._shares(data_samples, logits.dtype)
        return dict(loss_cls=balpoe_loss(logits, labels, counts, taus=self.taus, shares=shares))

    def _shares(self, data_samples: list[DataSample], dtype: torch.dtype) -> Tensor | None:
        """Shares of the classes (N, num_classes) where images are mixed, else None; at least in float32."""
        if 'gt_score' not in data_samples[0]:
            return None
        shares = torch.stack([sample.gt_score for sample in data_samples])
        if shares.shape[1] != self.num_classes:
            raise UserError(
                f'mixup makes labels of {shares.shape[1]} classes, but BalPoEHead has num_classes={self.num_classes}: '
                f'set data_preprocessor.num_classes={self.num_classes}'
            )
        return shares.to(torch.promote_types(dtype, torch.float32))
