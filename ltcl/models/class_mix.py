"""Which class mix the logits of a head answer for, as the heads, losses and samplers of this package declare it.

A head that is trained by cross entropy answers for the class mix that it was trained on. One that is trained for
balance, by the log of the class frequencies added to its logits, answers for the balanced mix. Both, and what lies
between, is a mix proportional to a power of the training images per class, ``frequency_power``: 1 and 0.
"""

from collections.abc import Mapping

from mmpretrain.models.heads import ClsHead
from mmpretrain.models.losses import LabelSmoothLoss
from mmpretrain.registry import DATA_SAMPLERS
from torch import nn

NATURAL = 1.0
PLAIN = 'CrossEntropyLoss'


def frequency_power(head: nn.Module, sampler: Mapping | None = None) -> float | None:
    """Power of the training images per class to which the mix is proportional that the logits of a head answer for.

    Args:
        head: The head of a classifier. It or its ``loss_module`` declares ``frequency_power``; of the losses that do
            not, plain and label-smoothed cross entropy have the natural mix.
        sampler: Config of the sampler of its training, which may have drawn another mix than the natural one.

    Returns:
        None where it cannot be told: it is another loss, or classes are weighed in it.
    """
    declared = getattr(head, 'frequency_power', None)
    if declared is None:
        if not isinstance(head, ClsHead):
            return None
        declared = _power_of(getattr(head, 'loss_module', None))
    drawn = _drawn_power(sampler or {})
    # The loss takes the counts of all images off, or nothing, whatever the sampler draws.
    return None if drawn is None or declared is None else declared + drawn - NATURAL


def is_plain(loss: object, is_binary: bool = False) -> bool:
    """Whether a loss is the cross entropy of mmpretrain or mmseg, in which no class weighs more than another.

    Args:
        loss: Any loss.
        is_binary: It is the one of a single output.
    """
    is_unweighted = type(loss).__name__ == PLAIN and getattr(loss, 'class_weight', None) is None
    return is_unweighted and bool(getattr(loss, 'use_sigmoid', False)) == is_binary


def _power_of(loss: object) -> float | None:
    if hasattr(loss, 'frequency_power'):
        return loss.frequency_power
    return NATURAL if is_plain(loss.ce if isinstance(loss, LabelSmoothLoss) else loss) else None


def _drawn_power(sampler: Mapping) -> float | None:
    found = DATA_SAMPLERS.get(sampler['type']) if isinstance(sampler.get('type'), str) else None
    declared = getattr(found, 'frequency_power', None)
    return NATURAL if declared is None else declared(sampler)
