"""Several processes: how they meet, and how they part."""

import logging
import os
import sys

from mmengine.config import Config


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
