"""Config files and the options that change them."""

import argparse
import difflib
from pathlib import Path

from mmengine.config import Config, ConfigDict, DictAction

from ltcl.config_values import fill_num_classes, hand_down
from ltcl.errors import UserError

from .building import import_mmpretrain, without_remarks
from .processes import stall_limit, start_processes

# What mmengine's Runner reads from a config beside what a config of ours writes.
RUNNER_KEYS = {
    'auto_scale_lr',
    'cfg',
    'compile',
    'experiment_name',
    'find_unused_parameters',
    'launcher',
    'load_from',
    'model_wrapper_cfg',
    'resume',
    'stall_timeout',
    'sync_bn',
    'work_dir',
    'activation_checkpointing',
}


def run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder of logs, checkpoints and reports (default: work_dirs/<config name>)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='overwrite config entries, for example train_cfg.max_epochs=5 model.head.alpha=0.02',
    )
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='who started the processes; tools/dist_train.sh and tools/slurm_train.sh set it',
    )


def load_config(path: str) -> Config:
    """Read a config file.

    Raises:
        UserError: No such file, with the most similar names.
    """
    if not Path(path).is_file():
        known = [str(file) for file in Path('configs').rglob('*.py') if '_base_' not in file.parts]
        similar = difflib.get_close_matches(path, known, n=3, cutoff=0.5)
        hint = f', did you mean {" or ".join(similar)}?' if similar else '; configs lie below configs/'
        raise UserError(f'config file {path} does not exist{hint}')
    with without_remarks():  # a segmentation config imports what it needs
        return Config.fromfile(path)


def apply_options(cfg: Config, args: argparse.Namespace) -> Config:
    """Overwrite config entries from the command line and choose the work dir and the processes' backend.

    A top-level entry such as ``data_root`` changes with all its copies. ``num_classes=None`` is filled from the data.

    Args:
        cfg: The config as read from its file.
        args: Parsed :func:`run_options`, with the ``checkpoint`` of a tool that tests one.

    Returns:
        The same config, changed.

    Raises:
        UserError: An option that no part of the config could read.
    """
    for key, value in args.cfg_options.items():
        check_option(cfg, key)
        if key in cfg:
            hand_down(cfg, key, value)
    cfg.merge_from_dict(args.cfg_options)
    if cfg.get('num_classes', 0) is None:
        import_mmpretrain()
        fill_num_classes(cfg, getattr(args, 'checkpoint', None))
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(args.config).stem))
    cfg.launcher = args.launcher
    stall_limit(cfg)  # a value that is no number of seconds is refused before anything is built
    if args.launcher != 'none':
        start_processes(cfg)
    return cfg


def check_option(cfg: Config, key: str) -> None:
    """Refuse a key that would be merged into the config and then be read by nobody.

    A key is fine if it exists, or if it lies in a part that is built from a ``type``: its constructor names an argument
    that it does not know.

    Raises:
        UserError: Names the key and the most similar ones.
    """
    *parents, last = key.split('.')
    node, path = cfg._cfg_dict, []
    for name in parents:
        if isinstance(node, list | tuple) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, dict) and 'type' in node:
            return
        else:
            raise _unknown_option(key, node, '.'.join([*path, name]))
        path.append(name)
    is_known = not isinstance(node, dict) or last in node or 'type' in node or (not path and last in RUNNER_KEYS)
    if not is_known:
        raise _unknown_option(key, node, key)


def _unknown_option(key: str, node: ConfigDict, missing: str) -> UserError:
    names = sorted(node) if isinstance(node, dict) else []
    similar = difflib.get_close_matches(missing.split('.')[-1], names, n=3)
    hint = f'did you mean {" or ".join(similar)}?' if similar else f'known here: {", ".join(names)}'
    return UserError(f'--cfg-options {key}: the config has no entry {missing}; {hint}')
