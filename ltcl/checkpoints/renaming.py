"""Names of tensors in two codes, by patterns."""

import re
from collections.abc import Mapping


class Renaming:
    """Translates names in both directions.

    Args:
        table: Patterns of the names in theirs, and of the same names in ours: ``#`` stands for a number, ``*`` for
            ``weight`` or ``bias``. Both have the same ones in the same order.

    >>> renaming = Renaming({'layers.#.fc.*': 'stages.#.linear.*'})
    >>> renaming.to_ours('layers.2.fc.bias')
    'stages.2.linear.bias'
    >>> renaming.to_theirs('stages.2.linear.running_mean') is None
    True
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self._to_ours = [(_compiled(theirs), _template(ours)) for theirs, ours in table.items()]
        self._to_theirs = [(_compiled(ours), _template(theirs)) for theirs, ours in table.items()]

    def to_ours(self, name: str) -> str | None:
        """Our name for one of theirs; None where there is none."""
        return _translated(name, self._to_ours)

    def to_theirs(self, name: str) -> str | None:
        """Their name for one of ours; None where there is none."""
        return _translated(name, self._to_theirs)


def _compiled(pattern: str) -> re.Pattern:
    return re.compile(re.escape(pattern).replace(r'\#', r'(\d+)').replace(r'\*', '(weight|bias)'))


def _template(pattern: str) -> str:
    return re.sub(r'[#*]', '{}', pattern)


def _translated(name: str, rules: list[tuple[re.Pattern, str]]) -> str | None:
    return next((new.format(*match.groups()) for old, new in rules if (match := old.fullmatch(name))), None)
