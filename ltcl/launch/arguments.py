"""Arguments of what a config names: their names, and whether a value can be one."""

import inspect
import types
import typing
from collections.abc import Callable

from ltcl.signatures import constructors


def arguments(built: Callable) -> tuple[dict[str, object], bool, set[str]]:
    """Arguments of a class or function, those that it hands on to its bases included.

    Returns:
        Their annotations by name, whether any other is taken as well, and those that have no default.
    """
    known: dict[str, object] = {}
    needed: set[str] = set()
    takes_any = False
    for maker in constructors(built) if inspect.isclass(built) else [built]:
        try:
            parameters = list(inspect.signature(maker).parameters.values())[inspect.isclass(built) :]
        except (ValueError, TypeError):
            return known, True, needed
        hints = _hints(maker)
        named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        if not known and not takes_any:
            needed = {each.name for each in named if each.default is each.empty}
        known = {each.name: hints.get(each.name, typing.Any) for each in named} | known
        takes_any = any(each.kind == each.VAR_KEYWORD for each in parameters)
        if not takes_any:
            break
    return known, takes_any, needed


def _hints(maker: Callable) -> dict[str, object]:
    try:
        return typing.get_type_hints(maker)
    except Exception:
        return {}


def fits(value: object, annotation: object) -> bool:
    """Whether a value of a config can be what an annotation says; only plain mistakes are told."""
    allowed = _plain_types(annotation)
    if allowed is None or value is None:
        return True
    if isinstance(value, int):  # True and False are, too
        return bool(allowed & {bool, int, float})
    return type(value) in allowed


def _plain_types(annotation: object) -> set[type] | None:
    """The plain types that an annotation consists of; None if it has others."""
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    options = typing.get_args(annotation) if is_union else (annotation,)
    plain = {bool, int, float, str, type(None)}
    return set(options) if set(options) <= plain else None


WORDS = {bool: 'True or False', int: 'a whole number', float: 'a number', str: 'text', type(None): 'None'}


def in_words(annotation: object) -> str:
    """What an annotation of plain types takes."""
    return ' or '.join(word for kind, word in WORDS.items() if kind in (_plain_types(annotation) or ()))
