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

TABLE = (
    (NOT_NEGATIVE, 'alpha beta con_weight contrast_prior gamma loss_weight main_weight region_weight target_weight'),
    (NOT_NEGATIVE, 'loss_memory tau taus'),
    (AT_LEAST_ONE, 'base_channels embed_channels feat_dim hidden hidden_channels in_channels num_classes num_layers'),
    (AT_LEAST_ONE, 'out_channels reduce_channels target_repeat'),
    (AT_LEAST_ONE, 'blocks rank width'),
    (POSITIVE, 'base_temperature cosine_scale max_margin scale supt temperature'),
    (SHARE, 'center_momentum dropout_ratio smooth'),
    (BELOW_ONE, 'dropout effective_number_beta input_dropout smooth_head smooth_tail smoothing'),
    (COUNT, 'num_hard_negatives num_hard_positives num_positives positives_per_class negatives_per_class queue_len'),
    (COUNT, 'queue_per_class'),
)
RANGES = {name: kind for kind, names in TABLE for name in names.split()}


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
