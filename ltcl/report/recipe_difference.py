"""What a run changed in the config that it started from."""

import ast
from typing import Any

from ltcl.shipped import config_folder, find_config, name_of

IGNORED = ('work_dir', 'launcher', 'load_from', 'resume', 'default_scope')
Change = tuple[str, object, object]
ABSENT = '—'


def recipe_difference(config_file: str | None, text: str) -> tuple[str, list[Change]] | None:
    """Compare the config of a run with the one that comes with ltcl and that it names.

    Args:
        config_file: Name of the config, as a report has it.
        text: The whole config of the run. It is read as data: nothing in it is run.

    Returns:
        Name of the recipe and for each changed key its old and its new value; None if it is no config of ours, or the
        text is no data.
    """
    path = find_config(config_file) if config_file else None
    if path is None or not path.is_file() or not path.resolve().is_relative_to(config_folder().resolve()):
        return None
    from mmengine.config import Config  # a second, and only where there is something to compare

    used = read_config_text(text)
    if used is None:
        return None
    recipe = flatten(Config.fromfile(path).to_dict())
    present = flatten(used)
    changes = [(key, recipe.get(key, ABSENT), present.get(key, ABSENT)) for key in dict.fromkeys([*recipe, *present])]
    return name_of(path.resolve()), [
        (key, old, new) for key, old, new in changes if plain(old) != plain(new) and key.split('.')[0] not in IGNORED
    ]


def plain(value: object) -> object:
    """A value as a dump of it reads: tuples and lists are the same, and so are paths however they are joined."""
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def read_config_text(text: str) -> dict[str, Any] | None:
    """Values of a dumped config, assignments of literals and ``dict(...)``; None if it holds anything else."""
    try:
        return {
            target.id: _value(statement.value)  # type: ignore[attr-defined]
            for statement in ast.parse(text).body
            for target in statement.targets  # type: ignore[attr-defined]
        }
    except (SyntaxError, ValueError, AttributeError, TypeError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        return {keyword.arg: _value(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    return ast.literal_eval(node)


def flatten(value: object, prefix: str = '') -> dict[str, object]:
    """Entries of nested dicts and of lists of dicts under dotted names."""
    if isinstance(value, list | tuple) and any(isinstance(each, dict) for each in value):
        value = dict(enumerate(value))
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    entries: dict[str, object] = {}
    for key, each in value.items():
        entries |= flatten(each, f'{prefix}.{key}' if prefix else str(key))
    return entries
