"""A model run on a fixed input, to see that its weights are weights."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn

from ltcl.errors import UserError

NUM_IMAGES = 16


@dataclass(frozen=True)
class OutputStatistics:
    """What a model answers to the fixed images.

    Args:
        kind: ``'logits'``, or ``'features'`` of a model without classifier.
        outputs: Its answer, shape (N, num_classes) or (N, C); maps are averaged over their positions.
    """

    kind: str
    outputs: Tensor

    def lines(self) -> list[str]:
        """The figures as text."""
        rows, width = self.outputs.shape
        lines = [
            f'{self.kind}: shape ({rows}, {width}), mean {self.outputs.mean():.4f}, std {self.outputs.std():.4f}, '
            f'min {self.outputs.min():.4f}, max {self.outputs.max():.4f}'
        ]
        if self.kind == 'logits':
            classes, counts = self.outputs.argmax(1).unique(return_counts=True)
            order = counts.argsort(descending=True, stable=True)
            histogram = ', '.join(f'class {classes[i]}: {counts[i]}' for i in order.tolist())
            lines.append(f'top-1 of the {rows} fixed images: {histogram}')
        return lines


def fixed_images(backbone: nn.Module) -> Tensor:
    """Smooth seeded images (N, channels, size, size), as they come out of a normalisation."""
    first = next(parameter for parameter in backbone.parameters() if parameter.ndim == 4)
    size = getattr(backbone, 'img_size', (32, 32) if first.shape[-1] == 3 else (224, 224))
    noise = torch.randn(NUM_IMAGES, first.shape[1], 4, 4, generator=torch.Generator().manual_seed(0))
    return F.interpolate(noise, size=tuple(size), mode='bilinear')


@torch.no_grad()
def output_statistics(model: BaseModel, encoder_only: bool = False) -> OutputStatistics:
    """Run a model on the fixed images.

    Args:
        model: A classifier or segmentor of ours with its weights loaded; left in eval mode.
        encoder_only: Look at the pooled features, not at the logits.

    Raises:
        UserError: The outputs are not finite, or the same for every image.
    """
    images = fixed_images(model.backbone)
    model.eval()
    is_classifier = hasattr(model, 'decode_head') or hasattr(model.head, 'fc')
    has_logits = not encoder_only and is_classifier
    outputs = (model(images) if has_logits else model.extract_feat(images)[-1]).float()
    outputs = outputs.mean((2, 3)) if outputs.ndim == 4 else outputs
    kind = 'logits' if has_logits else 'features'
    if not outputs.isfinite().all():
        raise UserError(f'the {kind} are not finite: the file is damaged, or was saved by a run that diverged')
    if torch.allclose(outputs, outputs[:1].expand_as(outputs), rtol=1e-6, atol=0):
        raise UserError(f'the {kind} are the same for every image: the file holds no trained weights')
    return OutputStatistics(kind, outputs)
