"""Lovász-softmax for the ``loss_decode`` of any mmseg head."""

from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.functional import lovasz_softmax_loss
from ltcl.registry import MODELS


@MODELS.register_module()
class LovaszSoftmaxLoss(nn.Module):
    """Lovász-softmax as an entry of ``loss_decode``.

    Args:
        loss_weight: Multiplies the loss.
        loss_name: Name of the loss in the log.

    Differs from mmseg's ``LovaszLoss``: the value is the same, but a batch without a valid pixel, a single valid pixel
    and float64 are fine, and there is no setting that has to be given for it to work.
    """

    def __init__(self, loss_weight: float = 1.0, loss_name: str = 'loss_lovasz') -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self, cls_score: Tensor, label: Tensor, weight: Tensor | None = None, ignore_index: int | None = 255
    ) -> Tensor:
        """Scalar loss of scores (B, num_classes, H, W) and labels (B, H, W).

        Raises:
            UserError: There are weights of pixels, which the loss does not know.
        """
        if weight is not None:
            raise UserError("LovaszSoftmaxLoss knows no weights of pixels: leave the head's sampler out")
        return self.loss_weight * lovasz_softmax_loss(cls_score, label, ignore_index)
