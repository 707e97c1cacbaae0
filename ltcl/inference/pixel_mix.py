"""Which class mix the logits of a decode head answer for."""

from torch import nn

from ltcl.models.class_mix import NATURAL, is_plain


def pixel_power(head: nn.Module) -> float | None:
    """Power of the training pixels per class to which the mix is proportional that the logits of a head answer for.

    Args:
        head: A decode head of mmseg's kind. The plain cross entropy of its pixels answers for the natural mix, whatever
            its branches train beside; so does the binary one of a head with one output for two classes.

    Returns:
        None where it cannot be told: there are other losses, weights of classes, or pixels are chosen.
    """
    losses = getattr(head, 'loss_decode', None)
    parts = list(losses) if isinstance(losses, nn.ModuleList) else [losses]
    is_binary = getattr(head, 'out_channels', None) == 1
    are_plain = all(is_plain(part, is_binary) for part in parts)
    return NATURAL if are_plain and getattr(head, 'sampler', None) is None else None
