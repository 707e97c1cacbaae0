"""A trained network of segmentation as one graph from uint8 images to probabilities of their pixels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.inference import LongTailSegmenter
from ltcl.inference.segmenter import likeliest, two_logits

from .graph import log_answered
from .preparation import Preparation


class ImagesToMasks(nn.Module):
    """Preparation, network, class mix and softmax of a trained network of segmentation.

    Args:
        segmenter: The model.

    Raises:
        UserError: Its preparation, or the way it looks at an image, cannot be exported.
    """

    outputs = {
        'probabilities': ('images', None, 'height', 'width'),
        'labels': ('images', 'height', 'width'),
    }
    log_answered: Tensor

    def __init__(self, segmenter: LongTailSegmenter) -> None:
        super().__init__()
        mode = segmenter.model.test_cfg.get('mode', 'whole')
        if mode != 'whole':
            raise UserError(
                f"model.test_cfg.mode={mode!r} looks at an image in parts, which is not exported: set it to 'whole'"
            )
        self.prepare = Preparation(segmenter.reader, Normalisation(segmenter.model.data_preprocessor))
        self.model, self.threshold = segmenter.model, segmenter.threshold
        self.register_buffer('log_answered', log_answered(segmenter).float(), persistent=False)

    def forward(self, images: Tensor, log_prior: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of the classes and the likeliest class of each pixel.

        Args:
            images: RGB, uint8, shape (N, H, W, 3).
            log_prior: Logs of the shares of the classes in the pixels, of any sum, shape (num_classes,).

        Returns:
            float32, shape (N, num_classes, H, W), and uint8, shape (N, H, W).
        """
        prepared = self.prepare(images)
        logits = self.model.encode_decode(prepared, [dict(img_shape=prepared.shape[2:])])
        size: Any = images.shape[1:3]
        logits = F.interpolate(logits, size, mode='bilinear', align_corners=self.model.align_corners)
        logits = two_logits(logits) + (log_prior - self.log_answered)[:, None, None]
        return torch.softmax(logits, 1), likeliest(logits, self.threshold).to(torch.uint8)


class Normalisation(nn.Module):
    """mmseg's ``SegDataPreProcessor`` for a batch that is one tensor.

    Args:
        original: What it does likewise.

    Raises:
        UserError: The original pads images of a test.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, original: Any) -> None:
        super().__init__()
        if original.test_cfg:
            raise UserError('data_preprocessor.test_cfg pads images, which is not exported: take it out')
        self.swaps, self.normalises = original._channel_conversion, original._enable_normalize
        if self.normalises:
            self.register_buffer('mean', original.mean, persistent=False)
            self.register_buffer('std', original.std, persistent=False)

    def forward(self, data: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        """Map ``inputs`` of shape (N, C, H, W) to what the network takes."""
        images = data['inputs']
        if self.swaps and images.shape[1] == 3:
            images = images.flip(1)
        images = images.float()
        return dict(inputs=(images - self.mean) / self.std if self.normalises else images)
