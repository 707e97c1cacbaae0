"""Configs that are data: no tag, import or name in them runs code."""

import json
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

import yaml

from ltcl.errors import UserError

from .nodes import dicts_in

DATA_SUFFIXES = ('.json', '.yaml', '.yml')
# Packages whose parts a data config may name; what is imported from them is not the config's code.
PACKAGES = ('ltcl', 'mmpretrain', 'mmseg', 'mmengine', 'mmcv')


def read_data(path: Path, text: str) -> dict:
    """Parse a JSON or YAML config.

    Args:
        path: The file, for messages.
        text: Its text.

    Raises:
        UserError: It is no JSON or YAML, holds more than data, is no mapping, or imports another package's code.
    """
    try:
        data = json.loads(text) if path.suffix == '.json' else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        raise UserError(f'{path}, line {error.lineno}: {error.msg}: correct the JSON there') from error
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f', line {mark.line + 1}' if mark else ''
        problem = getattr(error, 'problem', None) or 'not YAML'
        raise UserError(f'{path}{where}: {problem}: a YAML config is plain data, without tags') from error
    except RecursionError as error:
        raise UserError(f'{path} is nested too deep for a config') from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise UserError(f'{path} must be a mapping of sections such as model and train_dataloader')
    check_data(data, path, f'a {path.suffix} config runs none: make it a .py config')
    return data


def check_data(data: dict, source: str | Path, remedy: str, trusted: Collection[str] = ()) -> None:
    """Refuse modules and parts through which a config would have code of its choice imported or called.

    Args:
        data: The config.
        source: Where it comes from, for the message.
        remedy: What to do, for the message.
        trusted: Names of code that this process runs anyway.

    Raises:
        UserError: It names other code.
    """
    wrong = [name for name in names_of_code(data) if name not in trusted]
    if wrong:
        raise UserError(f'{source}: {wrong[0]} names code, not a registered part of {", ".join(PACKAGES)}; {remedy}')


def names_of_code(data: dict) -> list[str]:
    """Modules and parts of a config that come from none of the packages, so that they could be anybody's code."""
    imports = data.get('custom_imports') or {}
    modules = imports.get('imports', []) if isinstance(imports, dict) else imports
    modules = [modules] if isinstance(modules, str) else modules
    scopes = [node[key] for node in dicts_in(data) for key in ('default_scope', '_scope_') if node.get(key) is not None]
    parts = [value for node in dicts_in(data) for key, value in node.items() if _names_a_part(key)]
    named = [str(name) for name in (*modules, *scopes) if str(name).split('.')[0] not in PACKAGES]
    return named + [name for name in parts if isinstance(name, str) and _is_code(name)]


def _names_a_part(key: str) -> bool:
    """Whether the value of a key is looked up in a registry, and if it is not there, imported by mmengine."""
    return key in ('type', 'constructor') or key.endswith('_type')


def _is_code(name: str) -> bool:
    """Whether a name is more than that of a class in one of the packages, so that it could be imported and called."""
    scope, _, last = name.rpartition('.')
    if not scope:
        return name.isidentifier() and find_spec(name) is not None
    return scope not in PACKAGES or last == last.lower()
