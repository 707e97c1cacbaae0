"""Config files and the options that change them."""

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.shipped import find_config

from .building import import_custom_modules, import_scope
from .config_files import read_config
from .config_names import ELSEWHERE, SECTIONS, check_names, is_variable, similar_names
from .config_values import fill_num_classes, needs_classes, replace_copies
from .options import NEW, KeyValues, value_like
from .parts import check_parts
from .processes import stall_limit, start_processes
from .run_length import UNITS, is_length, length_of, set_length, unit_of
from .threads import threads_option
from .tracking import check_trackers
from .values import check_values, fit_workers, is_dict, known_keys


def config_options(parser: argparse.ArgumentParser, other: str = '') -> None:
    """Add a config and the options that change it.

    Args:
        parser: The parser.
        other: What else the word may be, for the help.
    """
    parser.add_argument('config', help=f'{other}config file, or ltcl::METHOD/NAME.py of the package (`ltcl list`)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='overwrite config entries, for example train_cfg.max_epochs=5 model.head.alpha=0.02; a value is taken as '
        'the type of what it replaces',
    )


def run_options(parser: argparse.ArgumentParser, other: str = '') -> None:
    """Add the options that training and testing share; arguments as of :func:`config_options`."""
    config_options(parser, other)
    parser.add_argument('--work-dir', help='folder of logs, checkpoints and reports (default: work_dirs/<config name>)')
    parser.add_argument(
        '--processes',
        type=int,
        metavar='N',
        help='start N processes, one per GPU or per share of the CPU cores (several machines: docs/clusters.md)',
    )
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='who started the processes: torchrun or --processes, srun, mpirun',
    )
    threads_option(parser)


def load_config(name: str | Path, overrides: Mapping[str, object] | None = None, with_imports: bool = True) -> Config:
    """Read a config file, with what it inherits.

    Args:
        name: The file, or what :func:`~ltcl.shipped.find_config` takes for one.
        overrides: New values of the config's own variables, such as ``data_root``.
        with_imports: Import what its ``custom_imports`` name, which building it needs.

    Raises:
        UserError: The file or one that it inherits from cannot be read, a name in it is read by nobody, or it changes
            the length of the run and leaves a part of the schedule as it was.
    """
    path = find_config(name)
    found = read_config(path, overrides)
    check_names(found.entries, found.origin, found.used, path)
    try:
        cfg = Config(found.entries, cfg_text=found.text, filename=str(path), env_variables=found.env_variables)
    except KeyError as error:
        raise UserError(f'{path}: {error.args[0]}: rename the entry') from error
    _check_stale(cfg, found.stale, str(path))
    if with_imports:
        import_custom_modules(cfg)
    return cfg


def apply_options(cfg: Config, args: argparse.Namespace) -> Config:
    """Overwrite config entries from the command line and choose the work dir and the processes' backend.

    A variable such as ``data_root`` changes all that the config computes from it, and its copies.
    ``max_epochs`` and ``train_cfg.max_epochs`` set run and schedule. ``num_classes=None`` is filled from the data.

    Args:
        cfg: The config as read from its file.
        args: Parsed :func:`run_options`, with the ``checkpoint`` of a tool that tests one.

    Returns:
        The config, changed.

    Raises:
        UserError: An option that no part of the config could read, or a value that cannot be.
    """
    cfg = _with_backbone(cfg, args)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', find_config(args.config).stem))
    check_values(cfg)
    check_trackers(cfg)
    fit_workers(cfg)
    checkpoint = getattr(args, 'checkpoint', None)
    if needs_classes(cfg, checkpoint):
        import_scope(cfg.get('default_scope') or 'mmpretrain')
        check_parts(cfg, ('train_dataloader' if cfg.get('train_dataloader') else 'test_dataloader',))
        fill_num_classes(cfg, checkpoint)
    cfg.launcher = args.launcher
    stall_limit(cfg)  # a value that is no number of seconds is refused before anything is built
    if args.launcher != 'none':
        start_processes(cfg)
    return cfg


def _with_backbone(cfg: Config, args: argparse.Namespace) -> Config:
    """``--cfg-options``; those that change no variable of the config come after ``--backbone``, ``--tune`` and such."""
    asked = ('backbone', 'weights', 'scratch', 'image_size', 'tune', 'head', 'views')
    if not any(getattr(args, name, None) for name in asked):
        return set_options(cfg, args.cfg_options)
    from .backbone_option import apply_backbone, size_variable
    from .tuning import apply_tuning

    own = {key: value for key, value in args.cfg_options.items() if _is_own(key)}
    own = {**size_variable(cfg, getattr(args, 'image_size', None)), **own}
    cfg = apply_tuning(apply_backbone(set_options(cfg, own) if own else cfg, args), args)
    others = {key: value for key, value in args.cfg_options.items() if key not in own}
    return set_options(cfg, others)


def set_options(cfg: Config, options: Mapping[str, object], with_imports: bool = True) -> Config:
    """Overwrite config entries.

    Args:
        cfg: The config as read from its file; changed, unless one of its variables changes: then it is read anew.
        options: Values by key. Texts are taken as the type of what they replace.
        with_imports: As in :func:`load_config`.

    Returns:
        The config.

    Raises:
        UserError: An option that no part of the config could read, or a text of another type.
    """
    options = {_full_key(cfg, key): value for key, value in options.items()}
    for key in options:
        check_option(cfg, key)
    values = {
        key: value_like(key, value, entry_at(cfg, key)) if isinstance(value, str) else value
        for key, value in options.items()
    }
    own = Config()
    own.merge_from_dict({key: value for key, value in values.items() if _is_own(key)})
    overrides = own.to_dict()
    old = {name: cfg[name] for name in overrides if name in cfg}
    if overrides and cfg.filename and Path(cfg.filename).is_file():
        cfg = load_config(cfg.filename, overrides, with_imports)
    for name in old:
        if name in values:
            replace_copies(cfg._cfg_dict, name, old[name], values[name])
    length = _length(values, cfg)
    stale = {} if length is None else set_length(cfg._cfg_dict, length)
    _merge(cfg, values)
    _check_stale(cfg, {key: value for key, value in stale.items() if key not in values}, '--cfg-options')
    if with_imports and any(key.split('.')[0] == 'custom_imports' for key in values):
        import_custom_modules(cfg)
    return cfg


def _full_key(cfg: Config, key: str) -> str:
    """``train_cfg.max_epochs`` for ``max_epochs`` of a config without that variable."""
    return f'train_cfg.{key}' if key == unit_of(cfg._cfg_dict) and key not in cfg else key


def _is_own(key: str) -> bool:
    """Whether a key belongs to a variable from which the config computes its sections."""
    name = key.split('.')[0]
    return is_variable(name) and name not in UNITS


def _length(values: Mapping[str, Any], cfg: Config) -> int | None:
    """The length that options ask for, else the config's own.

    Raises:
        UserError: They ask for two.
    """
    asked = {key: values[key] for unit in UNITS for key in (unit, f'train_cfg.{unit}') if is_length(values.get(key))}
    if len(set(asked.values())) > 1:
        both = ' and '.join(f'{key}={value}' for key, value in asked.items())
        raise UserError(f'--cfg-options {both} contradict each other: give one, which sets run and schedule')
    return next(iter(asked.values()), length_of(cfg._cfg_dict))


def _merge(cfg: Config, values: Mapping[str, object]) -> None:
    # mmengine merges a dict into nothing else than a dict, unless it is told to put it in the place.
    whole = {
        key: {**value, '_delete_': True} if isinstance(value, dict) and entry_at(cfg, key) is None else value
        for key, value in values.items()
    }
    try:
        cfg.merge_from_dict(whole)
    except (TypeError, KeyError, AttributeError) as error:
        raise UserError(f'--cfg-options {" ".join(values)} cannot be set together: {error.args[0]!s:.200}') from error


def _check_stale(cfg: Config, stale: Mapping[str, object], where: str) -> None:
    """Refuse a run of another length whose schedule was not made for it."""
    left = [key for key, value in stale.items() if entry_at(cfg, key) == value]
    if left:
        raise UserError(
            f'{where}: the run has another length, and {left[0]}={stale[left[0]]} cannot be adapted to it: set '
            f'{" and ".join(left)} as well'
        )


def entry_at(cfg: Config, key: str) -> object:
    """The entry of a dotted key; :data:`~ltcl.launch.options.NEW` where there is none."""
    names = key.split('.')
    found = walk(cfg._cfg_dict, names)
    return found[-1] if len(found) > len(names) else NEW


def walk(node: object, names: Sequence[str]) -> list[object]:
    """The nodes on the way along a dotted key, the first one included, as far as it exists."""
    found = [node]
    for name in names:
        if isinstance(node, list | tuple) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict) and name in node:
            node = node[name]
        else:
            break
        found.append(node)
    return found


def check_option(cfg: Config, key: str) -> None:
    """Refuse a key that would be merged into the config and then be read by nobody.

    A key is fine if it exists, or if it lies in a part that is built from a ``type``: its constructor names an argument
    that it does not know. So is one of a section that the config lacks and something reads.

    Raises:
        UserError: Names the key and the most similar ones.
    """
    names = key.split('.')
    found = walk(cfg._cfg_dict, names)
    if len(found) > len(names):
        return
    node, name = found[-1], names[len(found) - 1]
    is_section = names == [name] and name in SECTIONS
    is_argument = isinstance(node, dict) and _can_have(node, name, known_keys('.'.join(names[: len(found) - 1])))
    is_new = len(found) == 1 < len(names) and is_dict(name)
    if not is_section and not is_argument and not is_new:
        raise _unknown_option(key, node, '.'.join(names[: len(found)]))


def _can_have(node: Mapping, name: str, known: Collection[str]) -> bool:
    """Whether a section can have an entry: any, if something is built from it, whose arguments are checked then."""
    return bool(name) and (('type' in node and not name.isdigit()) or name in ('_delete_', *known))


def _unknown_option(key: str, node: object, missing: str) -> UserError:
    if isinstance(node, list | tuple):
        hint = f'it has the entries 0 to {len(node) - 1}'
    elif isinstance(node, dict) and missing.split('.')[-1].isdigit():
        hint = f'{missing.rpartition(".")[0]} is one dict, no list: leave the number out'
    elif isinstance(node, dict):
        names, last = [str(name) for name in node], missing.split('.')[-1]
        known = {*names, *(SECTIONS if missing == last else known_keys(missing.rpartition('.')[0]))} - {last}
        elsewhere = f'here it is {ELSEWHERE[last]}' if last in ELSEWHERE and missing == last else ''
        hint = similar_names(last, known) or elsewhere or f'known here: {", ".join(names[:20])}'
    else:
        parent = missing.rpartition('.')[0]
        hint = f'{parent} is {node!r:.60}, which has no entries: set {parent} as a whole'
    return UserError(f'--cfg-options {key}: the config has no entry {missing}; {hint}')
