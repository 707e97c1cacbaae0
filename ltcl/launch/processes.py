"""Several processes: how they meet, and how they part."""

import contextlib
import datetime
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator

from mmengine.config import Config, ConfigDict

from ltcl.errors import UserError

from . import exit_codes
from .failure import FILE_VARIABLE, Failure
from .meeting import MOST_PORT, Messenger, call_roll, connect, whole_number
from .progress import PROGRESS
from .ranks import fit_local_rank, name_of_run, name_ranks
from .threads import take_share
from .watch import LOST_SECONDS, Watch, end_process, lost, stalled

STALL_SECONDS = 600
NO_LIMIT_SECONDS = 7 * 24 * 3600
# An import may keep a process from answering for a while, and the watch speaks before the process group does.
MARGIN_SECONDS = 60
DDP = 'MMDistributedDataParallel'
# What torch says when the process at the other end is gone.
CONNECTION_LOST = re.compile(r'gloo|NCCL|TCPStore|Connection (closed|reset|refused)|Broken pipe|Socket', re.IGNORECASE)

_watch: Watch | None = None
_store: object = None  # rank 0 serves it as long as it holds it


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """While this lasts, a thread ends the process if it stalls or if it is one of several and they cannot go on."""
    global _watch
    _watch = Watch()
    _watch.start()
    try:
        yield
    finally:
        _watch.stop()


def stall_limit(cfg: Config) -> float | None:
    """Seconds without progress after which a process counts as stalled; None for no limit.

    ``LTCL_STALL_TIMEOUT`` in the environment comes before ``stall_timeout`` of the config; 0 sets no limit.

    Raises:
        UserError: No number, or below 0.
    """
    name, value = 'stall_timeout', cfg.get('stall_timeout', STALL_SECONDS)
    if 'LTCL_STALL_TIMEOUT' in os.environ:
        name, value = 'LTCL_STALL_TIMEOUT', os.environ['LTCL_STALL_TIMEOUT']
    try:
        seconds = float(value or 0)
    except (TypeError, ValueError):
        seconds = -1
    if not 0 <= seconds < float('inf'):
        raise UserError(f'{name} must be a number of seconds, 600 for example, or 0 for no limit; got {value!r}')
    return seconds or None


def start_processes(cfg: Config) -> None:
    """Meet the other processes and join the process group, on GPUs through mmengine, on CPUs with gloo.

    mmengine binds each process to a GPU and wraps the model for it, so without one both are done here.

    Raises:
        UserError: The environment lacks what the launcher should set, a process did not come, or it has no GPU where
            others have.
    """
    limit = stall_limit(cfg)
    name_ranks(cfg.launcher)
    import torch

    _meet(limit or NO_LIMIT_SECONDS, name_of_run(cfg.launcher))
    # The process group has no limit of its own: what comes before the first iteration may take long in one process, as
    # a search for copies does, and from then on the watch looks, which knows who has stalled.
    if torch.cuda.is_available():
        fit_local_rank(cfg.launcher, torch.cuda.device_count())
        dist_cfg = cfg.setdefault('env_cfg', ConfigDict()).setdefault('dist_cfg', ConfigDict())
        asked = dist_cfg.get('timeout')
        dist_cfg.timeout = max(asked, (limit or 0) + MARGIN_SECONDS) if asked else NO_LIMIT_SECONDS
        if cfg.get('model_wrapper_cfg'):
            cfg.model_wrapper_cfg = _wrapper(cfg)
        return
    torch.distributed.init_process_group('gloo', timeout=datetime.timedelta(seconds=NO_LIMIT_SECONDS))
    take_share(cfg.launcher)
    cfg.model_wrapper_cfg = _wrapper(cfg, device_ids=None)


def _wrapper(cfg: Config, **device: object) -> dict:
    """What a config asks for in ``model_wrapper_cfg``; of the wrapper of DDP, what it leaves open is filled in."""
    own = cfg.get('model_wrapper_cfg') or {}
    if own.get('type', DDP) != DDP:
        return own
    unused = cfg.get('find_unused_parameters', False)
    return {'type': DDP, **device, 'broadcast_buffers': False, 'find_unused_parameters': unused, **own}


def _meet(limit: float, run: str) -> None:
    """Wait for all processes, then have the watch listen to them.

    Raises:
        UserError: Some did not come within ``limit`` seconds.
    """
    global _store
    rank, world_size = (whole_number(name, os.environ[name]) for name in ('RANK', 'WORLD_SIZE'))
    whole_number('MASTER_PORT', os.environ['MASTER_PORT'], MOST_PORT)
    where = f'{os.environ["MASTER_ADDR"]}:{os.environ["MASTER_PORT"]}'
    try:
        _store = connect(limit, run)
        missing = call_roll(_store, rank, world_size, limit)
    except RuntimeError as error:
        raise UserError(
            f'no process answers at {where} ({last_line(error)}): rank 0 serves it; '
            'check MASTER_ADDR and MASTER_PORT, which must be free on its machine'
        ) from error
    if missing:
        names = ', '.join(map(str, missing))
        raise UserError(f'rank {names} did not come to {where} within {limit:g} s: did it start? (stall_timeout)')
    if _watch is not None:
        messenger = Messenger(rank, world_size, limit, run)
        messenger.start()
        _watch.messenger = messenger
        _watch.silence = limit + MARGIN_SECONDS


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


def fail(message: str, error: Exception, with_traceback: bool) -> None:
    """End this process because of an error, if it is one of several; alone, do nothing.

    Of several that fail, the first one speaks. Whoever only lost the connection to it learns of it and is silent.

    Args:
        message: What to say, in one line.
        error: Its cause.
        with_traceback: Print the traceback before.
    """
    if _watch is None or (_watch.messenger is None and FILE_VARIABLE not in os.environ):
        return
    messenger = _watch.messenger
    rank = int(os.environ.get('RANK', 0)) if int(os.environ.get('WORLD_SIZE', 1)) > 1 else None
    _watch.stop()
    mine = Failure(message, exit_codes.FAILED, rank)
    first = mine if messenger is None else _first_failure(messenger, mine, error)
    is_mine = first in (mine, messenger and messenger.claimed)
    if is_mine and with_traceback and first.message == message:
        traceback.print_exception(error)
    first.report(is_mine)
    if messenger is not None and messenger.rank == 0:
        time.sleep(2.5 * PROGRESS.period)  # serves the store, so the others must hear of it before
    end_process(first.status)


def _first_failure(messenger: Messenger, mine: Failure, error: Exception) -> Failure:
    """The failure of another process, if it was before, or if the error is only that the connection to it is lost."""
    if isinstance(error, RuntimeError) and CONNECTION_LOST.search(str(error)):
        known = messenger.wait_for_failure(LOST_SECONDS)
        if known is not None:
            return known
        silent = messenger.silent(LOST_SECONDS / 2)
        if re.search(r'tim(ed |e)out', str(error), re.IGNORECASE):
            mine = stalled(messenger, limit=None)
        elif silent:
            mine = lost(silent)
    return messenger.claim(mine)


def last_line(error: BaseException) -> str:
    """Kind and message of an error in one line; of a worker's, which sends its traceback along, the last one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any(line.startswith('Traceback') for line in lines) or 'Original Traceback' in str(error):
        return lines[-1]
    return f'{type(error).__name__}: {lines[0]}' if lines else type(error).__name__
