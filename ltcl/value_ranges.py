"""Which values the numbers of methods can have, by the name that they have in every part."""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

from .errors import UserError


class Range(NamedTuple):
    """Values that a number can have.

    Args:
        low: The smallest, or with ``open_low`` the bound above which it lies.
        high: The largest, or with ``open_high`` the bound below which it lies.
        open_low: ``low`` itself is not allowed.
        open_high: ``high`` itself is not allowed.
        whole: Whole numbers only.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return math.isfinite(value) and above and below

    def __str__(self) -> str:
        kind = 'a whole number' if self.whole else 'a number'
        bounds = [f'{"above" if self.open_low else "of at least"} {self.low:.10g}'] if self.low > -math.inf else []
        bounds += [f'{"below" if self.open_high else "at most"} {self.high:.10g}'] if self.high < math.inf else []
        return ' '.join([kind, ' and '.join(bounds)]).strip()


POSITIVE = Range(0, open_low=True)
NOT_NEGATIVE = Range(0)
SHARE = Range(0, 1)
BELOW_ONE = Range(0, 1, open_high=True)
COUNT = Range(0, whole=True)
AT_LEAST_ONE = Range(1, whole=True)

RANGES = {
    'alpha': NOT_NEGATIVE,
    'base_channels': AT_LEAST_ONE,
    'base_temperature': POSITIVE,
    'beta': NOT_NEGATIVE,
    'center_momentum': SHARE,
    'con_weight': NOT_NEGATIVE,
    'contrast_prior': NOT_NEGATIVE,
    'cosine_scale': POSITIVE,
    'dropout_ratio': SHARE,
    'effective_number_beta': BELOW_ONE,
    'embed_channels': AT_LEAST_ONE,
    'feat_dim': AT_LEAST_ONE,
    'gamma': NOT_NEGATIVE,
    'hidden_channels': AT_LEAST_ONE,
    'in_channels': AT_LEAST_ONE,
    'loss_weight': NOT_NEGATIVE,
    'main_weight': NOT_NEGATIVE,
    'max_margin': POSITIVE,
    'num_classes': AT_LEAST_ONE,
    'num_hard_negatives': COUNT,
    'num_hard_positives': COUNT,
    'num_layers': AT_LEAST_ONE,
    'num_positives': COUNT,
    'out_channels': AT_LEAST_ONE,
    'positives_per_class': COUNT,
    'negatives_per_class': COUNT,
    'queue_len': COUNT,
    'queue_per_class': COUNT,
    'reduce_channels': AT_LEAST_ONE,
    'region_weight': NOT_NEGATIVE,
    'scale': POSITIVE,
    'smooth': SHARE,
    'smooth_head': BELOW_ONE,
    'smooth_tail': BELOW_ONE,
    'smoothing': BELOW_ONE,
    'supt': POSITIVE,
    'target_repeat': AT_LEAST_ONE,
    'target_weight': NOT_NEGATIVE,
    'tau': NOT_NEGATIVE,
    'taus': NOT_NEGATIVE,
    'temperature': POSITIVE,
}


def check_choice(what: str, value: object, choices: Collection[str]) -> None:
    """Refuse what is none of some choices.

    Args:
        what: What is chosen, for the message.
        value: The choice.
        choices: All that there are.

    Raises:
        UserError: Names them.
    """
    if value not in choices:
        raise UserError(f'{what} must be one of {", ".join(choices)}, got {value!r}')


def check_ranges(owner: str, values: Mapping[str, object]) -> None:
    """Refuse numbers that a method cannot have.

    Args:
        owner: Who has them, for the message.
        values: Numbers by name. Names without a range, and None, are passed over; of a list each number counts.

    Raises:
        UserError: Names the first one with its range.
    """
    for name, value in values.items():
        each = value if isinstance(value, list | tuple) else [value]
        if name in RANGES and value is not None and any(one not in RANGES[name] for one in each):
            raise UserError(f'{owner}: {name}={value!r} must be {RANGES[name]}')
