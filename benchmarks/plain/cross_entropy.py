"""The step of a plain classifier: one view, cross entropy."""

from torch import Tensor, nn
from torch.nn import functional as F


class CrossEntropy(nn.Module):
    """An encoder and a linear classifier."""

    def __init__(self, encoder: nn.Module, width: int, num_classes: int) -> None:
        super().__init__()
        self.encoder, self.classifier = encoder, nn.Linear(width, num_classes)

    def forward(self, views: list[Tensor], labels: Tensor) -> Tensor:
        """The loss of a batch."""
        return F.cross_entropy(self.classifier(self.encoder(views[0])), labels)
