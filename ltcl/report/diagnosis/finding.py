"""What a diagnosis says."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

MAX_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """A sentence about the model.

    Attributes:
        kind: Name of what was looked for.
        is_ill: Whether something is wrong.
        title: In a few words.
        text: In sentences; they hold names and are not escaped.
        figure: What shows it.
    """

    kind: str
    is_ill: bool
    title: str
    text: str
    figure: Markup | None = None


def named(group: str) -> str:
    """A group of classes in a sentence."""
    return f'{group}-shot classes' if group in ('many', 'medium', 'few') else f'the {group}'


def ill_first(findings: Iterable[Finding | None]) -> list[Finding]:
    """Those that there are, with what is wrong before what is well."""
    return sorted((each for each in findings if each is not None), key=lambda each: not each.is_ill)
