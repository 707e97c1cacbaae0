"""How a run goes on from a checkpoint, also where batch, processes, images, rate or length have changed."""

import unicodedata
from collections.abc import Callable, Mapping

import numpy as np
from mmengine.device import get_device
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import EpochBasedTrainLoop, Runner

from ltcl.checkpoints.plain_data import load_hub
from ltcl.checkpoints.run_state import VALIDATED_KEY, TrainingShape
from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .resumed_position import Position, position_in_epochs, position_in_iterations
from .resuming_optimizer import resume_optimizer
from .saving import training_shape
from .waiting_gradients import KEY, put_back


def resume_run(runner: Runner, path: str, map_location: str | Callable = 'default') -> None:
    """Give a runner everything that its checkpoint holds.

    Where nothing has changed, the run goes on as if it had not been stopped. Where something has, one line says what
    and what holds from here on:

    - **Batch size, processes**: the position is kept in images: the epoch goes on after those that were drawn.
      Validations keep their epochs and get the iterations that these have now.
    - **Training images** added or removed: the epoch that was interrupted is begun again. Other classes are refused.
    - **Learning rate, weight decay, schedule, length**: the config's hold. The schedule is the config's from the start,
      advanced to this position. Another optimizer is refused.
    - **Accumulation, precision**: the config's hold. Gradients that waited for the next step are dropped.
    - **Seed**: that of the checkpoint holds, a run has one order of its images.

    Args:
        runner: The runner, its loop, optimizer and schedules built.
        path: The checkpoint.
        map_location: Where its tensors go; ``'default'`` is the runner's device.

    Raises:
        UserError: No run can go on from it, or not with this config.
    """
    checkpoint = runner.load_checkpoint(path, get_device() if map_location == 'default' else map_location)
    meta = checkpoint['meta']
    _check_classes(runner, meta, path)
    before = TrainingShape.from_meta(meta)
    now = training_shape(runner, 0, 0)
    position = _take_position(runner, meta, before, now)
    is_moved = bool(position.note)
    notes = [position.note] if is_moved else []
    notes += _take_seed(runner, meta)
    load_hub(runner.message_hub, checkpoint['message_hub'])
    if position.scale != 1:
        _count_anew(runner.message_hub, position)
    notes += resume_optimizer(runner, checkpoint, path, is_moved)
    changed = _changed_options(before, now)
    notes += changed + _take_gradients(runner, checkpoint, is_same=not (is_moved or changed))
    for note in notes:
        runner.logger.warning(f'Resumed with a change: {note}')
    runner.logger.info(f'Resumed from {path}: {runner.epoch} epochs and {runner.iter} iterations are done')


def _take_position(runner: Runner, meta: Mapping, before: TrainingShape | None, now: TrainingShape) -> Position:
    loop = runner.train_loop
    if isinstance(loop, EpochBasedTrainLoop):
        position = position_in_epochs(meta['epoch'], meta['iter'], before, now)
    else:
        position = position_in_iterations(meta['iter'], before, now)
    loop._epoch, loop._iter = meta['epoch'], position.iteration
    if hasattr(loop, 'go_on_after'):
        loop.go_on_after(position.samples)
    return position


def _count_anew(hub: MessageHub, position: Position) -> None:
    """Count what a hub keeps by iterations in those of now: the last validation, and a value of each for the curves."""
    if (validated := hub.runtime_info.get(VALIDATED_KEY)) is not None:
        hub.update_info(VALIDATED_KEY, int(validated * position.scale))
    for name, buffer in hub.log_scalars.items():
        values, counts = buffer.data
        if name.startswith('train/'):
            length = min(int(len(values) * position.scale), position.iteration)
            places = (np.arange(length) / float(position.scale)).astype(int)
            hub.log_scalars[name] = HistoryBuffer(values[places], counts[places], buffer.max_length)


def _take_seed(runner: Runner, meta: Mapping) -> list[str]:
    stored = meta.get('seed')
    if not isinstance(stored, int) or stored == runner.seed:
        return []
    asked = runner.seed
    runner._randomness_cfg.update(seed=stored)
    runner.set_randomness(**runner._randomness_cfg)
    if hasattr(runner.train_loop, 'set_seed'):
        runner.train_loop.set_seed(stored)
    return [f'seed {stored} then, {asked} now: {stored} holds, as a run has one order of its images']


def _changed_options(before: TrainingShape | None, now: TrainingShape) -> list[str]:
    if before is None:
        return []
    names = {'accumulative_counts': 'batches a step', 'precision': 'precision'}
    pairs = [(label, getattr(before, name), getattr(now, name)) for name, label in names.items()]
    return [f'{label} {old} then, {new} now' for label, old, new in pairs if old != new]


def _take_gradients(runner: Runner, checkpoint: Mapping, is_same: bool) -> list[str]:
    """Let the next optimizer step begin with what waited for it, if its batches are as they were."""
    gradients = checkpoint.get(KEY)
    if gradients is None:
        return []
    if gradients and is_same:
        put_back(runner, gradients)
        return []
    return ['the batches since the last optimizer step are not part of the next one']


def _check_classes(runner: Runner, meta: Mapping, path: str) -> None:
    """Refuse to go on with classes of other names: their places in the classifier would be those of others."""
    stored = _names(meta.get('dataset_meta'))
    ours = _names(getattr(runner.train_dataloader.dataset, 'metainfo', None))
    if stored and ours and stored != ours:
        lost, new = sorted(set(stored) - set(ours)), sorted(set(ours) - set(stored))
        changes = [f'{what}: {shorten(names, 5)}' for what, names in (('gone', lost), ('new', new)) if names]
        how = '; '.join(changes) or 'another order'
        raise UserError(
            f'the checkpoint {path} was trained on other classes than those of the training images ({how}), so the run '
            'cannot go on: put the images back, or start from its encoder with load_from (configs/custom/README.md)'
        )


def _names(metainfo: object) -> list[str]:
    classes = metainfo.get('classes') if isinstance(metainfo, Mapping) else None
    return [unicodedata.normalize('NFC', str(name)) for name in classes or ()]
