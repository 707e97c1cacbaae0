"""A config as Python that can be read, changed and trained."""

import math

from mmengine.config import Config

from .yapf_grammar import import_yapf


class NoNumber(float):
    """Infinity or NaN, written as Python that reads it again."""

    def __repr__(self) -> str:
        return f"float('{float(self)}')"

    __str__ = __repr__


def readable(value: object) -> object:
    """The same entries, every number among them such that its text is Python."""
    if isinstance(value, dict):
        return {key: readable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(readable, value))
    return NoNumber(value) if isinstance(value, float) and not math.isfinite(value) else value


def text_of(entries: dict) -> str:
    """Python that has the entries of a config, with a line break at the end."""
    import_yapf()
    return f'{Config(readable(entries)).pretty_text}\n'
