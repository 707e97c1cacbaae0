"""A classifier whose parts fit each other."""

from typing import Any

from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ltcl.registry import MODELS

from .late_head import UnknownHead
from .widths import Encoder, fit_feat_dim


@MODELS.register_module()
class Classifier(ImageClassifier):
    """mmpretrain's ``ImageClassifier``, whose config may leave open what follows from its other parts.

    ``in_channels`` of neck, projector and head is the width of what is before them, and ``feat_dim`` of the head that
    of the embeddings; a number that is given must be that. The head may have ``num_classes=None`` until a checkpoint
    is loaded.

    Args:
        backbone: Config of the backbone.
        neck: Config of the pooling; None for a backbone that pools itself, such as a ViT.
        head: Config of the head.
        projector: Config of an MLP from pooled features to embeddings, for a subclass that trains one.
        **kwargs: Arguments of mmpretrain's ``ImageClassifier``, such as ``data_preprocessor``.

    Raises:
        UserError: A width is given that is not what is before it, or it is open and cannot be told.
    """

    head: Any

    def __init__(
        self,
        backbone: dict | nn.Module,
        neck: dict | nn.Module | None = None,
        head: dict | nn.Module | None = None,
        projector: dict | None = None,
        **kwargs: Any,
    ) -> None:
        encoder = Encoder(backbone, neck)
        if isinstance(head, dict):
            head = fit_feat_dim(encoder.fit(head, 'head'), projector)
            head = UnknownHead(head) if head.get('num_classes', 0) is None else head
        super().__init__(encoder.backbone, neck=encoder.neck, head=head, **kwargs)
        self.projector: nn.Module | None = None
        if projector is not None:
            self.projector = MODELS.build(encoder.fit(projector, 'projector'))
        if isinstance(head, UnknownHead):
            self._register_load_state_dict_pre_hook(self._build_head)

    def _build_head(self, state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
        if isinstance(self.head, UnknownHead):
            device = next(self.backbone.parameters()).device
            self.head = self.head.known(state_dict, f'{prefix}head.').to(device)
