"""Config files and all that they inherit: ``.py`` is a program and is run, ``.json`` and ``.yaml`` are read as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config, ConfigDict

from ltcl.errors import UserError
from ltcl.shipped import PREFIX, config_folder, find_config, name_of, shipped_configs
from ltcl.similar_paths import meant_path

from .config_names import is_variable, similar_names
from .config_source import SUFFIXES, Source
from .config_values import replace_copies
from .hook_names import check_taken_away
from .run_length import UNITS, length_of, set_length, unit_of

LISTS = ('.csv', '.tsv', '.txt')


@dataclass
class ConfigFile:
    """A config file, merged with those that it inherits from.

    Args:
        entries: Top-level entries by name.
        text: Text of all files.
        env_variables: Environment variables that they read.
        origin: File that sets each entry; of several, the last one.
        used: Names that some file reads. ``'*'`` stands for any name.
        stale: Keys that the run's length was not handed down to, with the value that they have.
    """

    entries: dict = field(default_factory=ConfigDict)
    text: str = ''
    env_variables: dict = field(default_factory=dict)
    origin: dict[str, Path] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    stale: dict[str, object] = field(default_factory=dict)


def read_config(path: str | Path, overrides: Mapping[str, object] | None = None) -> ConfigFile:
    """Read a config file with all that it inherits.

    A variable that a file sets anew, such as ``data_root``, changes what the inherited files compute from it, and so
    does an override. Another ``max_epochs`` changes the inherited schedule.

    Args:
        path: The file.
        overrides: New values of variables.

    Raises:
        UserError: A file is missing, cannot be read, raises, or inherits from itself.
    """
    return _read(Path(path), overrides or {}, ())


def _read(path: Path, overrides: Mapping[str, object], above: tuple[Path, ...]) -> ConfigFile:
    _check_file(path, above)
    source = Source(path)
    above = (*above, path)
    bases = _read_bases(source, overrides, above)
    own = source.entries(bases.entries, overrides)
    changes = {name: own[name] for name in own if _is_change(name, own, bases.entries, source.used)}
    length = length_of(own, unit_of(bases.entries))
    if changes or length not in (None, length_of(bases.entries)):
        old = {name: bases.entries[name] for name in changes}
        bases = _read_bases(source, {**overrides, **changes}, above)
        for name in changes:
            replace_copies(bases.entries, name, old[name], changes[name])
        if length is not None:
            bases.stale.update(set_length(bases.entries, length))
        # The file itself sees the values that it replaces.
        own = source.entries(ConfigDict({**bases.entries, **old}), overrides)
    return _merge(source, own, bases)


def _is_change(name: str, own: dict, inherited: dict, used: set[str]) -> bool:
    """Whether a file sets an inherited variable anew.

    The run's length is none: the schedule follows it, computed or not. A dict or a list of them that the file itself
    goes on to use is another one, which happens to have the same name.
    """
    if not is_variable(name) or name in UNITS or name not in inherited or own[name] == inherited[name]:
        return False
    return _is_plain(own[name]) or name not in used


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, bool | int | float | str)


def _check_file(path: Path, above: tuple[Path, ...]) -> None:
    """Refuse a path that is no config file, or one that is being read already."""
    by = f'{above[-1]}: _base_ names {path}, but ' if above else ''
    if path.is_dir():
        raise UserError(f'{by}{path} is a folder: name a config file in it')
    if not path.exists():
        if not above and not (path.suffix in SUFFIXES or path.is_relative_to(config_folder())):
            raise no_such_word(path)
        known = [str(each) for each in path.parent.glob('*.py')] if above else _known_configs(path)
        hint = similar_names(name_of(path), known, cutoff=0.5) or '`ltcl list` names those that come with ltcl'
        raise UserError(f'{by}config file {name_of(path)} does not exist: {hint}')
    if path.suffix not in SUFFIXES:
        raise UserError(f'{by}{path} is no config file: its name must end in {", ".join(SUFFIXES)}')
    same = [number for number, each in enumerate(above) if each.resolve() == path.resolve()]
    if same:
        circle = ' -> '.join(str(each) for each in (*above[same[0] :], path))
        raise UserError(f'_base_ goes in a circle: {circle}; take one of them out')


def no_such_word(word: str | Path) -> UserError:
    """What to say where nothing is that a word of the command line may have meant: a folder, a list or a config."""
    path = Path(word)
    if path.suffix.lower() in LISTS:
        return UserError(f'the list {word} does not exist, and what is named is the folder that it lies in: name that')
    hint = meant_path(path, '') or similar_names(path.name, map(_stem_of, _known_configs(path)), cutoff=0.75)
    hint = hint or 'name a folder of images, or a config (`ltcl list` names them)'
    return UserError(f'{word} does not exist: {hint}')


def _stem_of(name: str) -> str:
    return Path(name).stem


def _known_configs(path: Path) -> set[str]:
    """Configs that a path may have meant, those that come with ltcl by the name that works anywhere."""
    beside = [name_of(file) for file in path.parent.glob('*.py')]
    return {*beside, *(f'{PREFIX}{name}' for name in shipped_configs())}


def _read_bases(source: Source, overrides: Mapping[str, object], above: tuple[Path, ...]) -> ConfigFile:
    """The files that a file inherits from, next to each other."""
    together = ConfigFile()
    for named in source.bases():
        path, scope = _path_of(named, source.path)
        if source.is_data and path.suffix == '.py':
            raise UserError(
                f'{source.path}: _base_ names {named}, a program, and a {source.path.suffix} config runs no code: '
                'inherit from data, or make this a .py config'
            )
        base = _read(path, overrides, above)
        twice = sorted(base.entries.keys() & together.entries.keys())
        if twice:
            raise UserError(
                f'{source.path}: two files of _base_ set {", ".join(twice)} ({together.origin[twice[0]]}, '
                f'{base.origin[twice[0]]}): take one out, or inherit one from the other'
            )
        together.entries.update(Config._dict_to_config_dict(base.entries, scope))
        together.text += f'{base.text}\n'
        for name in ('env_variables', 'origin', 'used', 'stale'):
            getattr(together, name).update(getattr(base, name))
    return together


def _path_of(named: str, child: Path) -> tuple[Path, str | None]:
    """Path and scope of a base: beside the file, one of ours, or in an installed package, ``mmpretrain::path``."""
    if named.startswith(PREFIX):
        return find_config(named), None
    if '::' not in named:
        return child.parent / named, None
    try:
        path, scope = Config._get_cfg_path(named, str(child))
    except Exception as error:
        raise UserError(f'{child}: _base_ names {named}, which no installed package has: correct it') from error
    return Path(path), scope


def _merge(source: Source, own: dict, bases: ConfigFile) -> ConfigFile:
    """A file's own entries on top of those that it inherits, which change."""
    check_taken_away(own, bases.entries, source.path)
    try:
        bases.entries = Config._merge_a_into_b(own, bases.entries)
    except TypeError as error:
        key, kind = str(error).split('=')[0], re.search(r"of type <class '(\w+)'> in base", str(error))
        raise UserError(
            f'{source.path}: {key} is a dict, and {kind[1] if kind else "none"} in what it inherits from: give a '
            f'{kind[1] if kind else "value"}, or replace it with {key}=dict(_delete_=True, ...)'
        ) from error
    bases.text += f'{source.path}\n{source.text}'
    bases.env_variables.update(source.env_variables)
    bases.origin.update(dict.fromkeys(own, source.path))
    bases.used.update(source.used)
    return bases
