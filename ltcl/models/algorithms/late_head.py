"""A head whose number of classes only a checkpoint tells."""

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ltcl.errors import UserError

CLASSIFIER = 'head.fc.weight'


class UnknownHead(nn.Module):
    """Stands for a head with ``num_classes=None`` until weights are loaded."""

    def _refuse(self, *args: object, **kwargs: object) -> None:
        raise UserError(
            'num_classes of the head is None: load a checkpoint, which tells it, or set num_classes in the config'
        )

    forward = loss = predict = _refuse


class LateHeadMixin:
    """Lets a classifier be built with ``num_classes=None``; the checkpoint that is loaded then tells the number.

    The tools fill ``num_classes`` before they build anything. mmpretrain's inferencers build a config as it is, those
    for own images too, and load the checkpoint afterwards.

    Args:
        *args: Of the classifier.
        head: Config of the head.
        **kwargs: Of the classifier.
    """

    def __init__(self, *args: object, head: dict | nn.Module | None = None, **kwargs: object) -> None:
        is_late = isinstance(head, dict) and head.get('num_classes', 0) is None
        super().__init__(*args, head=UnknownHead() if is_late else head, **kwargs)
        if is_late:
            self._late_head = head
            self._register_load_state_dict_pre_hook(self._build_head)

    def _build_head(self, state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
        if not isinstance(self.head, UnknownHead):
            return
        if prefix + CLASSIFIER not in state_dict:
            raise UserError(
                f'num_classes of the head is None, and the checkpoint does not tell it: it has no {CLASSIFIER}'
            )
        num_classes = len(state_dict[prefix + CLASSIFIER])
        head = MODELS.build(_filled(self._late_head, num_classes))
        self.head = head.to(next(self.backbone.parameters()).device)


def _filled(node: object, num_classes: int) -> object:
    """A config with every ``num_classes=None`` replaced."""
    if not isinstance(node, dict):
        return node
    is_open = node.get('num_classes', 0) is None
    filled = {key: _filled(value, num_classes) for key, value in node.items()}
    return filled | dict(num_classes=num_classes) if is_open else filled
