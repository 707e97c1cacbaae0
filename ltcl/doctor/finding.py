"""What was found of a machine, and what to do about it."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from ltcl.neutral_text import visible


class State(Enum):
    """How bad a finding is."""

    OK = 'ok'
    NOTE = 'note'
    WARNING = 'warning'
    BROKEN = 'broken'


class Finding(NamedTuple):
    """One line of the examination.

    Args:
        state: How bad it is.
        topic: What was looked at, in a word or two.
        text: What was found.
        advice: What to do; empty where there is nothing to do.
    """

    state: State
    topic: str
    text: str
    advice: str = ''

    def __str__(self) -> str:
        """The line, in columns."""
        text = f'{self.text}: {self.advice}' if self.advice else self.text
        return visible(f'{self.state.value:8} {self.topic:16} {text}')


def verdict(findings: Iterable[Finding]) -> Finding:
    """The last line: whether ltcl works here."""
    topics = {state: [each.topic for each in findings if each.state is state] for state in State}
    if broken := topics[State.BROKEN]:
        return Finding(State.BROKEN, 'verdict', f'ltcl does not work here ({", ".join(dict.fromkeys(broken))})')
    if warnings := topics[State.WARNING]:
        return Finding(State.WARNING, 'verdict', f'ltcl works, with warnings ({", ".join(dict.fromkeys(warnings))})')
    return Finding(State.OK, 'verdict', 'ltcl works here')
