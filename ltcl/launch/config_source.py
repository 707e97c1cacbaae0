"""One config file: its text, what it inherits from, what it sets, which names it reads."""

import ast
import builtins
import copy
import functools
import tempfile
import traceback
import types
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.config.utils import RemoveAssignFromAST

from ltcl.errors import UserError

from .data_files import DATA_SUFFIXES, read_data

SUFFIXES = ('.py', *DATA_SUFFIXES)


class Names(dict):
    """Top-level names of a config while it runs.

    A name that is overridden has its new value from the start, so that all that is computed from it follows.

    Args:
        scope: Where functions and comprehensions of the config look names up.
        overrides: New values of names.
    """

    def __init__(self, scope: dict, overrides: Mapping[str, object]) -> None:
        super().__init__()
        self.scope = scope
        self.overrides = overrides

    def __setitem__(self, name: str, value: object) -> None:
        if name in self.overrides:
            value = overridden(value, self.overrides[name])
        super().__setitem__(name, value)
        self.scope[name] = value


def overridden(value: object, change: object) -> object:
    """A value after a change: a dict changes the entries that it names, all else takes the value's place."""
    change = copy.deepcopy(change)
    if isinstance(change, dict) and isinstance(value, dict | list):
        return Config._merge_a_into_b({'value': change}, {'value': value}, allow_list_keys=True)['value']
    return change


class Source:
    """Text of one file, its ``{{ variables }}`` filled in, and what is written in it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding='utf-8')
        except (OSError, UnicodeDecodeError) as error:
            reason = 'is not text' if isinstance(error, UnicodeDecodeError) else f'cannot be read ({error.strerror})'
            raise UserError(f'{path} {reason}: name a config file, {", ".join(SUFFIXES)}') from error
        self.is_data = path.suffix in DATA_SUFFIXES
        filled = self._fill()
        self._data = read_data(path, filled) if self.is_data else {}
        self._tree = self._parse('' if self.is_data else filled)

    def _fill(self) -> str:
        """The text with ``{{ fileDirname }}``, ``{{$VARIABLE:default}}`` and ``{{_base_.x}}`` filled in by mmengine."""
        with tempfile.TemporaryDirectory() as folder:
            filled = str(Path(folder, 'config'))
            try:
                Config._substitute_predefined_vars(str(self.path.absolute()), filled)
                self.env_variables = Config._substitute_env_variables(filled, filled)
            except KeyError as error:
                raise UserError(f'{self.path}: {error.args[0]}') from error
            self.base_variables = Config._pre_substitute_base_vars(filled, filled)
            return Path(filled).read_text(encoding='utf-8')

    def _parse(self, text: str) -> ast.Module:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            where = f'line {error.lineno}: ' if isinstance(error, SyntaxError) else ''
            raise UserError(f'{self.path}, {where}{getattr(error, "msg", error)}: correct the Python there') from error
        if any(isinstance(node, ast.Name) and node.id == 'read_base' for node in ast.walk(tree)):
            raise UserError(
                f"{self.path} inherits with read_base(): write _base_ = ['...'] and name parts as text, type='ResNet'"
            )
        return tree

    def bases(self) -> list[str]:
        """What ``_base_`` names."""
        named: object = self._data.get('_base_', [])
        for node in self._tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', None) == '_base_':
                named = self._run(ast.Expression(node.value), {}, mode='eval')
        named = [named] if isinstance(named, str) else named
        if not isinstance(named, list | tuple) or not all(isinstance(each, str) and each for each in named):
            raise UserError(f'{self.path}: _base_ must be a path or a list of paths, got {named!r}')
        return list(named)

    def entries(self, inherited: dict, overrides: Mapping[str, object]) -> dict:
        """What the file sets at its top level, in view of what it inherits."""
        names = Names({'_base_': inherited}, overrides)
        for name, value in copy.deepcopy(self._data).items():
            names[name] = value
        tree = RemoveAssignFromAST('_base_').visit(copy.deepcopy(self._tree))
        self._run(tree, names.scope, names, mode='exec')
        found = {
            name: value
            for name, value in names.items()
            if not name.startswith('__') and not isinstance(value, types.FunctionType | types.ModuleType)
        }
        try:
            found = Config._substitute_base_vars(found, self.base_variables, inherited)
        except (KeyError, TypeError) as error:
            named = ', '.join(sorted(self.base_variables.values()))
            raise UserError(f'{self.path}: {{{{_base_.x}}}} names what no _base_ has, one of {named}') from error
        left = [name for mark, name in self.base_variables.items() if mark in repr(found)]
        if left:
            raise UserError(f'{self.path}: write {{{{_base_.{left[0]}}}}} without quotes and as a value of its own')
        return {name: value for name, value in found.items() if name not in ('_base_', '_deprecation_')}

    def _run(self, tree: ast.Module | ast.Expression, *scopes: dict, mode: str) -> object:
        """Run code of the config; what it raises is the user's mistake."""
        try:
            return eval(compile(ast.fix_missing_locations(tree), str(self.path), mode), *scopes)
        except (Exception, SystemExit) as error:
            frames = traceback.walk_tb(error.__traceback__)
            lines = [line for frame, line in frames if frame.f_code.co_filename == str(self.path)]
            where = f', line {lines[-1]}' if lines else ''
            reason = ' '.join(str(error).split())[:300]
            raise UserError(
                f'{self.path}{where}: {type(error).__name__}: {reason}: correct the config there'
            ) from error

    @functools.cached_property
    def used(self) -> set[str]:
        """Names that the file reads, of its own and of what it inherits; ``'*'`` if it may read any."""
        used = {variable.split('.')[0] for variable in self.base_variables.values()}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute) and getattr(node.value, 'id', None) == '_base_':
                used.add('*' if hasattr(dict, node.attr) else node.attr)
            elif isinstance(node, ast.Subscript) and getattr(node.value, 'id', None) == '_base_':
                used.add(getattr(node.slice, 'value', '*'))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add('*' if node.id in ('locals', 'globals', 'vars', 'eval', 'exec') else node.id)
        return used - set(dir(builtins))
