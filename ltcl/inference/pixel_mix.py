"""Which class mix the logits of a decode head answer for."""

from torch import nn

from ltcl.models.class_mix import NATURAL

PLAIN = 'CrossEntropyLoss'


def pixel_power(head: nn.Module) -> float | None:
    """Power of the training pixels per class to which the mix is proportional that the logits of a head answer for.

    Args:
        head: A decode head of mmseg's kind. The plain cross entropy of its pixels answers for the natural mix, whatever
            its branches train beside.

    Returns:
        None where it cannot be told: there are other losses, weights of classes, or pixels are chosen.
    """
    losses = getattr(head, 'loss_decode', None)
    parts = list(losses) if isinstance(losses, nn.ModuleList) else [losses]
    is_plain = all(
        type(part).__name__ == PLAIN
        and getattr(part, 'class_weight', None) is None
        and not getattr(part, 'use_sigmoid', False)
        for part in parts
    )
    return NATURAL if is_plain and getattr(head, 'sampler', None) is None else None
