"""What the command-line tools share: options, config checks, processes, one-line errors.

Nothing here imports torch or a model at the top, so that a mistyped option is answered at once.
"""

import argparse
import contextlib
import difflib
import functools
import importlib
import inspect
import io
import logging
import os
import pickle
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.config import Config, ConfigDict, DictAction

from .config_values import fill_num_classes, hand_down, use_plain_norms
from .errors import UserError

if TYPE_CHECKING:
    from .engine import Runner

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
    'sync_bn',
    'work_dir',
    'activation_checkpointing',
}

REMARK = 'Could not import OneDL'
REDIRECTING = threading.RLock()


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


def start_processes(cfg: Config) -> None:
    """Join the process group, on GPUs through mmengine, on CPUs with gloo.

    mmengine binds each process to a GPU and wraps the model for it, so without one both are done here.
    """
    import torch

    if torch.cuda.is_available():
        return
    torch.distributed.init_process_group('gloo')
    # Left alone, every process takes all cores and they slow each other down.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // int(os.environ.get('LOCAL_WORLD_SIZE', 1))))
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )


def leave_processes(status: int, wait: bool) -> None:
    """End this process if it is one of several; alone, do nothing.

    The process ends here and now: an interpreter that tears itself down with the process group's threads in it aborts
    now and then, and the launcher would report a run that succeeded as failed.

    Args:
        status: Exit status.
        wait: Wait for the others first, so that none loses a connection it still needs.
    """
    dist = sys.modules.get('torch.distributed')  # not imported for this: a mistake in an option is answered at once
    if dist is None or not dist.is_available() or not dist.is_initialized():
        return
    if wait:
        dist.barrier()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


@contextlib.contextmanager
def without_remarks() -> Iterator[None]:
    """Import without what OpenMMLab's packages print on an optional package of their authors."""
    printed = io.StringIO()
    # Of two threads that redirect at a time, the second would leave the first one's buffer behind as standard output.
    with REDIRECTING:
        try:
            with contextlib.redirect_stdout(printed):
                yield
        finally:
            lines = printed.getvalue().splitlines(keepends=True)
            print(*(line for line in lines if line.strip() != REMARK), sep='', end='')


def import_mmpretrain() -> None:
    """Import mmpretrain, with the parts that a config names without a prefix."""
    import_scope('mmpretrain')


def import_scope(scope: str) -> None:
    """Import the package that has the parts which a config names without a prefix.

    Args:
        scope: The config's ``default_scope``: ``'mmpretrain'`` or, for segmentation, ``'mmseg'``.
    """
    # Files that mmengine downloads may carry code, which torch.load then refuses to run.
    os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    with without_remarks():
        importlib.import_module(f'{scope}.datasets')


def build_runner(cfg: Config) -> 'Runner':
    """Build everything that a config names; ``SyncBN`` is plain ``BN`` unless a launcher started processes on GPUs."""
    import_scope(cfg.get('default_scope', 'mmpretrain'))
    import torch

    from .engine import Runner

    if cfg.get('launcher', 'none') == 'none' or not torch.cuda.is_available():
        use_plain_norms(cfg)
    return Runner.from_cfg(cfg)


def report_user_errors(main: Callable[[], None]) -> Callable[[], None]:
    """Decorate a tool so that a user's mistake is one line on standard error and exit status 1.

    ``LTCL_TRACEBACK=1`` in the environment shows where it was noticed. Any other exception keeps its traceback.
    """

    @functools.wraps(main)
    def guarded() -> None:
        try:
            main()
            leave_processes(0, wait=True)
        except SystemExit as stop:
            if isinstance(stop.code, int):
                leave_processes(stop.code, wait=False)
            raise
        except Exception as error:
            message = explain(error)
            if message is None or os.environ.get('LTCL_TRACEBACK'):
                raise
            print(f'error: {message}', file=sys.stderr)
            # Nobody is waited for: the others may still be at work, and the launcher ends them.
            leave_processes(1, wait=False)
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)

    return guarded


def _part_that_failed(error: Exception) -> type | None:
    """The class that a config names and whose construction raised the error: a base class may have raised it."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    built = [frame.f_locals['obj_cls'] for frame in frames if 'obj_cls' in frame.f_locals]
    return built[-1] if built else None


def _options(part: type | None) -> list[str]:
    """Arguments of a class, those that it hands on to its base classes included."""
    classes = getattr(part, '__mro__', ())
    return [name for each in classes if each is not object for name in inspect.signature(each.__init__).parameters]


def explain(error: Exception) -> str | None:
    """One line for an exception that a user's input caused, None for all others."""
    text = ' '.join(str(error).split())
    if isinstance(error, UserError):
        # A worker of a dataloader sends its traceback along, the message last.
        return text.rsplit('ltcl.errors.UserError: ', 1)[-1]
    if isinstance(error, TypeError) and (match := re.search(r"(\w+)\.__init__\(\) got .* argument '(\w+)'", text)):
        part, argument = match.groups()
        built = _part_that_failed(error)
        similar = difflib.get_close_matches(argument, _options(built), n=1)
        hint = f'did you mean {similar[0]}?' if similar else 'correct the key in the config or in --cfg-options'
        return f'{getattr(built, "__name__", part)} has no option {argument!r}: {hint}'
    missing = re.search(r'\.__init__\(\) missing \d+ required .*?: (.+)', text)
    if isinstance(error, TypeError) and missing and (built := _part_that_failed(error)):
        return f'{built.__name__} needs {missing[1]}: add it to the config'
    if isinstance(error, KeyError) and (match := re.search(r'([\w.]+) is not in the ([\w:. ]+) registry', text)):
        return f'there is no {match[2].split("::")[-1]} named {match[1]}: correct the type in the config'
    if isinstance(error, FileNotFoundError) and 'can not be found' in text:
        return text
    if isinstance(error, AssertionError) and 'AmpOptimizerWrapper' in text:
        return 'float16 needs a GPU: add --amp, which runs the config in bfloat16'
    if isinstance(error, pickle.UnpicklingError) and 'weights_only' in text:
        return (
            'the downloaded checkpoint holds more than weights, perhaps code, and was not read: give another load_from'
        )
    return None
