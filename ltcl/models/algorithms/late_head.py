"""A head whose number of classes only a checkpoint tells."""

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ltcl.errors import UserError

CLASSIFIER = 'fc.weight'


class UnknownHead(nn.Module):
    """Stands for a head with ``num_classes=None`` until weights are loaded.

    Args:
        cfg: Config of the head.
    """

    def __init__(self, cfg: dict) -> None:
        super().__init__()
        self.cfg = cfg

    def known(self, state_dict: dict[str, Tensor], prefix: str) -> nn.Module:
        """The head for the weights that are loaded.

        Args:
            state_dict: The weights.
            prefix: With which the names of the head's begin.

        Raises:
            UserError: They have no classifier.
        """
        if prefix + CLASSIFIER not in state_dict:
            raise UserError(
                f'num_classes of the head is None, and the checkpoint does not tell it: it has no {prefix}{CLASSIFIER}'
            )
        return MODELS.build(_filled(self.cfg, len(state_dict[prefix + CLASSIFIER])))

    def _refuse(self, *args: object, **kwargs: object) -> None:
        raise UserError(
            'num_classes of the head is None: load a checkpoint, which tells it, or set num_classes in the config'
        )

    forward = loss = predict = _refuse


def _filled(node: Any, num_classes: int) -> Any:
    """A config with every ``num_classes=None`` replaced."""
    if not isinstance(node, dict):
        return node
    is_open = node.get('num_classes', 0) is None
    filled = {key: _filled(value, num_classes) for key, value in node.items()}
    return filled | dict(num_classes=num_classes) if is_open else filled
