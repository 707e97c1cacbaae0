"""Writing of a run's checkpoints."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmengine
from mmengine.dist import get_world_size, is_main_process
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor

from ltcl.checkpoints.finding import REGULAR, STOPPED, numbered
from ltcl.checkpoints.plain_data import hub_to_plain, to_plain
from ltcl.checkpoints.run_state import TRAINING_KEY, TrainingShape
from ltcl.checkpoints.stored_config import CONFIG_KEY
from ltcl.checkpoints.whole_files import save_whole
from ltcl.files import write_atomic
from ltcl.launch.exit_codes import NOT_SAVED
from ltcl.work_dir import POINTER

from .agreement import any_process
from .sharded.tensors import whole
from .unwrapped import unwrapped
from .waiting_gradients import KEY, waiting_gradients


class LostCheckpoint(SystemExit):
    """Ends a run whose last checkpoint could not be written, as the log says, with a status of its own."""

    def __init__(self) -> None:
        super().__init__(NOT_SAVED)


def training_shape(runner: Runner, epoch: int, iteration: int) -> TrainingShape:
    """What the position of a run is counted in, for its checkpoint.

    Args:
        runner: The runner.
        epoch: Finished epochs.
        iteration: Finished iterations.
    """
    loop, loader = runner.train_loop, runner.train_dataloader
    by_epoch = isinstance(loop, EpochBasedTrainLoop)
    batch_size = getattr(loader.batch_sampler, 'batch_size', None) or 1
    wrapper = runner.optim_wrapper
    samples = getattr(loop, 'samples_at', lambda number: number * batch_size * get_world_size())(iteration)
    return TrainingShape(
        batch_size=batch_size,
        num_processes=get_world_size(),
        num_images=len(loader.dataset),
        iters_per_epoch=len(loader) if by_epoch else None,
        samples=samples,
        accumulative_counts=getattr(wrapper, '_accumulative_counts', 1),
        precision=type(wrapper).__name__,
    )


def run_checkpoint(
    runner: Runner, meta: dict, weights_only: bool = False, gradients: Mapping[str, Tensor] | None = None
) -> dict:
    """A run as plain data: weights and, unless ``weights_only``, everything that it goes on with.

    Args:
        runner: The runner.
        meta: Epoch and iteration, and what else is known.
        weights_only: Leave out the states of optimizer and schedules.
        gradients: From :func:`.waiting_gradients.waiting_gradients`.
    """
    weights, optimizer = _states(runner, weights_only)
    dataset_meta = getattr(runner.train_dataloader.dataset, 'metainfo', None)
    meta = {
        **meta,
        'cfg': runner.cfg.pretty_text,
        CONFIG_KEY: to_plain(runner.cfg.to_dict()),
        'seed': runner.seed,
        'experiment_name': runner.experiment_name,
        'time': time.strftime('%Y%m%d_%H%M%S', time.localtime()),
        'mmengine_version': mmengine.__version__,
        TRAINING_KEY: training_shape(runner, meta['epoch'], meta['iter']).to_plain(),
        **({} if dataset_meta is None else {'dataset_meta': to_plain(dataset_meta)}),
    }
    state = {name: value.detach().cpu() for name, value in weights.items()}
    checkpoint: dict[str, object] = dict(meta=meta, state_dict=state, message_hub=hub_to_plain(runner.message_hub))
    if not weights_only:
        checkpoint['optimizer'] = to_plain(optimizer)
        schedulers = runner.param_schedulers or []
        if isinstance(schedulers, dict):
            plain = {name: [to_plain(each.state_dict()) for each in group] for name, group in schedulers.items()}
            checkpoint['param_schedulers'] = plain
        else:
            checkpoint['param_schedulers'] = [to_plain(each.state_dict()) for each in schedulers]
        if gradients is not None:
            checkpoint[KEY] = dict(gradients)
    runner.call_hook('before_save_checkpoint', checkpoint=checkpoint)
    return {**checkpoint, 'meta': to_plain(checkpoint['meta'])}


def _states(runner: Runner, weights_only: bool) -> tuple[dict, dict | None]:
    """Of the model and, unless ``weights_only``, of the optimizer; whole, where they are spread over processes."""
    optimizer = None if weights_only else whole(runner.optim_wrapper.state_dict())
    return whole(unwrapped(runner.model).state_dict()), optimizer


def join_writing(runner: Runner, weights_only: bool) -> None:
    """Hand this process's part of a sharded model and optimizer to the main process, which is in :func:`write_run`.

    Args:
        runner: The runner; nothing is done where its model is not sharded.
        weights_only: See :func:`run_checkpoint`.
    """
    if is_sharded(runner):
        _states(runner, weights_only)


def is_sharded(runner: Runner) -> bool:
    """Whether every process has a part of the weights only."""
    return getattr(runner.model, 'is_sharded', False)


def write_run(
    runner: Runner,
    path: str | Path,
    meta: dict,
    weights_only: bool = False,
    gradients: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the checkpoint of a run, whole or not at all.

    Args:
        runner: The runner.
        path: The file.
        meta: Epoch and iteration.
        weights_only: See :func:`run_checkpoint`.
        gradients: See there.

    Raises:
        OSError: The place is full or cannot be written to.
    """
    save_whole(path, run_checkpoint(runner, meta, weights_only, gradients))


def add_checkpoint(
    runner: Runner, name: str, meta: dict, weights_only: bool = False, otherwise: str = 'the run goes on'
) -> bool:
    """Write a checkpoint into the work dir and, if a run can be resumed from it, let ``last_checkpoint`` name it.

    Args:
        runner: The runner.
        name: File name.
        meta: Epoch and iteration.
        weights_only: See :func:`run_checkpoint`.
        otherwise: What comes if it cannot be written, for the message.

    Returns:
        Whether it was written; if not, an error in the log says why. Processes other than the main one write nothing;
        where all hold a part of the weights, they learn whether the main one did.
    """
    gradients = None if weights_only else waiting_gradients(runner)
    if is_main_process():
        is_written = _add(runner, name, meta, otherwise, weights_only=weights_only, gradients=gradients)
    else:
        join_writing(runner, weights_only)
        is_written = True
    return not any_process(not is_written) if is_sharded(runner) else is_written


def _add(runner: Runner, name: str, meta: dict, otherwise: str, **what: Any) -> bool:
    path = Path(runner.work_dir, name)
    try:
        write_run(runner, path, meta, **what)
        if not what['weights_only']:
            write_atomic(path.with_name(POINTER), str(path))
    except OSError as error:
        runner.logger.error(f'The checkpoint {path} could not be written ({error.strerror or error}): {otherwise}')
        return False
    return True


def keep_newest(work_dir: str | Path, newest: str, max_keep: int) -> None:
    """Remove the checkpoints that a new one has made superfluous.

    Args:
        work_dir: The work dir.
        newest: Name of the new one. Checkpoints of stopped runs are older, and not kept beside it.
        max_keep: Checkpoints of epochs or iterations to keep, the new one included; -1 keeps all.
    """
    superfluous = [path for _, path in numbered(work_dir, STOPPED)]
    for kind in REGULAR:
        files = [path for _, path in numbered(work_dir, kind)]
        superfluous += files[max_keep:] if max_keep > 0 else []
    for path in superfluous:
        if path.name != newest:
            path.unlink(missing_ok=True)
