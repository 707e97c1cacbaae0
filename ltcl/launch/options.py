"""``--cfg-options KEY=VALUE``: texts until the config is known, then values of the type that they replace."""

import argparse
import ast
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ltcl.errors import UserError

LITERALS = {'none': None, 'true': True, 'false': False}
# Entries that are text even where the config says None.
TEXTS = ('ann_file', 'checkpoint', 'data_root', 'experiment_name', 'load_from', 'prefix', 'work_dir')


class KeyValues(argparse.Action):
    """Collects KEY=VALUE words as texts; of one key several times, the last counts."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the words to those of earlier uses of the option."""
        options = dict(getattr(namespace, self.dest) or {})
        for word in values or ():
            key, equals, text = word.partition('=')
            if not equals or not key or key != key.strip():
                parser.error(f'{option_string} takes KEY=VALUE without spaces around =, got {word!r}')
            options[key] = text
        setattr(namespace, self.dest, options)


def value_like(key: str, text: str, old: object) -> object:
    """The value that a text stands for where it replaces another one.

    Args:
        key: Key of the entry, for messages.
        text: What the command line says.
        old: The value to be replaced; :data:`NEW` where there is none.

    Returns:
        ``None`` for the text ``None``. In place of a text the text, as it is. In place of a number, truth value, list
        or dict a Python value of that kind, or one that shows its own kind by quotes or brackets. In place of None or
        of nothing the Python value that the text is, else the text.

    Raises:
        UserError: The text is of another kind.
    """
    if text == 'None':
        return None
    if isinstance(old, str) or key.split('.')[-1] in TEXTS:
        return text if not text.startswith(('dict(', '{')) else _literal(text, text)
    for kind, (convert, wanted) in KINDS.items():
        if isinstance(old, kind):
            try:
                return convert(text, old)
            except (ValueError, TypeError) as error:
                raise UserError(f'--cfg-options {key}={text}: {wanted} is needed, in place of {old!r:.60}') from error
    return _literal(text, text)


class _Unreadable:
    """Stands for a text that is no Python value."""


def _literal(text: str, otherwise: object = _Unreadable) -> object:
    """The Python value that a text is; ``dict(a=1)`` is one as well."""
    if text.lower() in LITERALS:
        return LITERALS[text.lower()]
    try:
        return _evaluate(ast.parse(text.strip(), mode='eval').body)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return otherwise


def _evaluate(node: ast.AST) -> object:
    if isinstance(node, ast.Call) and getattr(node.func, 'id', None) == 'dict' and not node.args:
        if any(keyword.arg is None for keyword in node.keywords):
            raise ValueError('** is no value')
        return {keyword.arg: _evaluate(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List | ast.Tuple):
        values = [_evaluate(each) for each in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Dict):
        keys = [ast.literal_eval(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_evaluate, node.values), strict=True))
    if isinstance(node, ast.Name) and node.id in ('nan', 'inf'):
        return float(node.id)
    return ast.literal_eval(node)


def _explicit(text: str) -> object:
    """A value that shows its kind by quotes or brackets.

    Raises:
        ValueError: The text shows none.
    """
    value = _literal(text)
    if text[:1] not in tuple('\'"[({d') or value is _Unreadable:
        raise ValueError(text)
    return value


def _truth(text: str, old: bool) -> object:
    value = LITERALS.get(text.lower(), _Unreadable)
    return _explicit(text) if value is _Unreadable else value


def _number(text: str, old: float) -> object:
    with contextlib.suppress(ValueError):
        return int(text) if isinstance(old, int) else float(text)
    try:
        number = float(text)
    except ValueError:
        return _explicit(text)
    return int(number) if number.is_integer() else number


def _sequence(text: str, old: list | tuple) -> object:
    """A list or tuple, whichever the old one is; brackets and the quotes of plain words may be left out."""
    value = _literal(text)
    if isinstance(value, dict) and value:
        return value
    if all(isinstance(each, str) for each in old) and (value is _Unreadable or (old and not _are_texts(value))):
        return type(old)(_words(text))
    if value is _Unreadable:
        raise ValueError(text)
    return type(old)(value if isinstance(value, list | tuple) else [value])


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _words(text: str) -> list[str]:
    inner = text[1:-1] if text[:1] + text[-1:] in ('[]', '()') else text
    words = [word.strip().strip('\'"') for word in inner.split(',')]
    if any(set('[](){}') & set(word) for word in words):
        raise ValueError(text)
    return words if inner.strip() else []


def _mapping(text: str, old: Mapping) -> dict:
    value = _literal(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


# In this order: True is an int as well.
KINDS: dict[Any, tuple[Callable[[str, Any], object], str]] = {
    bool: (_truth, 'True or False'),
    int | float: (_number, 'a number'),
    list | tuple: (_sequence, 'a list such as [1,2]'),
    dict: (_mapping, "a dict such as {'key': 1}, or one of its keys,"),
}
# Where an option replaces nothing.
NEW = object()
