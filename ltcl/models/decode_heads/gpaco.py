"""GPaCo for segmentation: contrast among the pixels of an image and the centres of the pixel classifier."""

from typing import Any

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from ltcl.functional import dense_paco_loss
from ltcl.functional.precision import full_precision
from ltcl.registry import MODELS, TASK_UTILS
from ltcl.value_ranges import check_ranges

from .branch import DenseBranch
from .labels import mark_void, shrink_labels

DEFAULT_SAMPLER = dict(type='ltcl.RandomPixelSampler', num_samples=8192)


@full_precision
def pixel_paco_loss(embeddings: Tensor, seg_logits: Tensor, labels: Tensor, index: Tensor, **kwargs: Any) -> Tensor:
    """:func:`dense_paco_loss` among some positions of each image.

    Args:
        embeddings: Projected features, not normalised, shape (B, D, h, w).
        seg_logits: Output of the pixel classifier, shape (B, num_classes, h, w).
        labels: Label maps of the same size, int64, shape (B, 1, h, w); void pixels have a label that is no class.
        index: Row-major positions, int64, shape (B, K).
        **kwargs: Further arguments of :func:`dense_paco_loss`.

    Returns:
        Scalar, or shape (B,) with ``reduction='none'``.
    """
    rows = F.normalize(_rows_at(embeddings, index), dim=2)
    labels = labels.flatten(1).gather(1, index)
    return dense_paco_loss(rows, labels, rows[:, :0], labels[:, :0], logits=_rows_at(seg_logits, index), **kwargs)


def _rows_at(maps: Tensor, index: Tensor) -> Tensor:
    """Columns of the maps (B, C, h, w) at the positions (B, K), as rows, shape (B, K, C)."""
    return maps.flatten(2).mT.gather(1, index[..., None].expand(-1, -1, maps.shape[1]))


@MODELS.register_module()
class GPaCoBranch(DenseBranch):
    """`Generalized Parametric Contrastive Learning <https://arxiv.org/abs/2209.12400>`_ beside a decode head.

    A projector embeds the features of all pixels; some of each image are drawn and compared with each other and with
    the class centres, which are the weights of the head's own pixel classifier. Pixels of different images or
    processes never meet.

    Args:
        embed_channels: Width D of an embedding.
        alpha: Weight of each positive pixel against the class centre; 0.01 to 0.03 are published.
        beta: Weight of the class centre.
        gamma: Weight of the pixels in the denominator.
        temperature: Divides the similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``; None means 1.
        sampler: Config of the pixel sampler. Time grows with the square of the pixels it draws.
        with_prior: Add the log frequency of the classes (``class_counts``) to the logits within this loss; the
            published segmentation code does not.
        loss_name: Name of the loss in the log.
        **kwargs: Arguments of :class:`DenseBranch`.
    """

    def __init__(
        self,
        *,
        embed_channels: int = 128,
        alpha: float = 0.01,
        beta: float = 1.0,
        gamma: float = 1.0,
        temperature: float = 0.07,
        base_temperature: float | None = None,
        sampler: dict | None = None,
        with_prior: bool = False,
        loss_name: str = 'loss_gpaco',
        **kwargs: Any,
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        self.projector = nn.Sequential(
            ConvModule(self.in_channels, self.in_channels, 1, **self.layer_cfg),
            ConvModule(self.in_channels, self.in_channels, 1, **self.layer_cfg),
            nn.Conv2d(self.in_channels, embed_channels, 1),
        )
        self.sampler = TASK_UTILS.build(sampler or DEFAULT_SAMPLER)
        self.with_prior = with_prior
        self.loss_args = dict(
            alpha=alpha, beta=beta, gamma=gamma, temperature=temperature, base_temperature=base_temperature
        )
        check_ranges(type(self).__name__, self.loss_args)

    def loss(self, feats: Tensor, seg_logits: Tensor, seg_labels: Tensor) -> dict[str, Tensor]:
        """Contrast among the drawn pixels; see :meth:`DenseBranch.loss`."""
        num_images, _, height, width = feats.shape
        labels = mark_void(shrink_labels(seg_labels, (height, width)), self.num_classes, self.ignore_index)
        loss = pixel_paco_loss(
            self.projector(feats),
            seg_logits,
            labels,
            self.sampler(num_images, height * width).to(feats.device),
            class_counts=self.known_class_counts() if self.with_prior else None,
            **self.loss_args,
        )
        return {self.loss_name: self.loss_weight * loss}
