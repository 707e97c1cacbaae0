"""A loss, gradient or weight that is not finite ends the run while its last checkpoint is sound."""

import math
import os
from pathlib import Path
from typing import Any

from mmengine.dist import all_gather_object, get_world_size, is_main_process
from mmengine.hooks import CheckpointHook as MMEngineCheckpointHook
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from ltcl.errors import UserError
from ltcl.registry import HOOKS
from ltcl.work_dir import POINTER

from ..agreement import any_process
from ..bad_step import FILE, KINDS, BadStep, NotFiniteError, find_origin, image_names, loss_terms
from ..finite import FiniteFlag, are_finite, first_not_finite, is_finite, not_finite_by_design, refuse_not_finite
from ..optimizers.update_guard import UpdateGuard
from ..unwrapped import unwrapped
from .checkpoint_hook import CheckpointHook
from .strict_load_hook import tensors_of

# From its start at 65,536 a gradient scaler that halves its scale so often has left all that float16 can hold behind.
SCALER_PATIENCE = 25
# Numbers up to which PyTorch looks at a tensor in one thread, and fast. Norms, biases and narrow layers have less, and
# what is bad in a wide layer is bad in those before it or, after the update, in the next loss.
SMALL = 2**15
META = 'finite_check'
SAVED = ('state_dict', 'ema_state_dict', 'optimizer')


@HOOKS.register_module()
class FiniteCheckHook(Hook):
    """Stops a training whose loss, gradients, weights or buffers are not finite any more.

    The loss and the gradients of all layers but the widest are looked at in every iteration; all gradients, weights and
    buffers (queues, running statistics, the momentum encoder) in every tenth, and before they are saved or validated.
    The error names iteration, loss term, layer and images; ``not_finite.json`` in the work dir lists all images of the
    batch. A checkpoint that is not finite is neither written nor loaded.

    The log of mmengine reads the losses in every iteration, and that waits for the device; the look that follows adds
    no wait to it. Several processes agree in every tenth iteration.

    Args:
        interval: Iterations between two looks at the weights, and between two agreements of several processes.
        skip: Number of updates that may be left out, in the whole training, because loss or gradient are not finite.
            Weights, optimizer state and buffers then stay what they were before the batch. Each update waits for the
            device.
        halve_rate: Halve the learning rate, and all later ones of the schedule, each time an update is left out.

    Raises:
        UserError: ``interval`` below 1, negative ``skip``, or ``halve_rate`` without ``skip``.
    """

    def __init__(self, interval: int = 10, skip: int = 0, halve_rate: bool = False) -> None:
        if interval < 1 or skip < 0:
            raise UserError(f'FiniteCheckHook: interval={interval} must be at least 1 and skip={skip} not negative')
        if halve_rate and not skip:
            raise UserError('FiniteCheckHook: halve_rate halves the rate at each update that is left out: set skip too')
        self.interval = interval
        self.skip = skip
        self.halve_rate = halve_rate
        self._num_skipped = 0
        self._rate_factor = 1.0
        self._bad: BadStep | None = None
        self._gradients: dict[str, Tensor] = {}
        self._buffers: dict[str, Tensor] | None = None
        self._found_inf: Tensor | None = None
        self._num_unscaled = 0
        self._allowed: frozenset[str] = frozenset()

    def before_train(self, runner: Runner) -> None:
        """Start to look at the gradients of each update."""
        model = unwrapped(runner.model)
        self._allowed = not_finite_by_design(model)
        self._trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        self._flag = FiniteFlag(next(iter(self._trained.values())).device)
        self._handle = runner.optim_wrapper.optimizer.register_step_pre_hook(self._keep_gradients)
        self._has_scaler = hasattr(runner.optim_wrapper, 'loss_scaler')
        # An update that may be left out is looked at before it is clipped.
        self._is_clipped = not self.skip and getattr(runner.optim_wrapper, 'clip_func', None) is clip_grad_norm_
        if self._rate_factor != 1 and not self.skip:
            runner.logger.warning(
                'the rate had been halved by FiniteCheckHook; without skip it is that of the schedule'
            )
        if self.skip:
            self._guard = UpdateGuard(runner.optim_wrapper, self._is_bad_update, self._rate_factor)

    def after_train(self, runner: Runner) -> None:
        """Let go of the optimizer."""
        self._handle.remove()

    def _keep_gradients(self, optimizer: object = None, *_: object) -> None:
        """Right before an update: the gradients are dropped after it.

        A fused optimizer leaves the update out by itself, by what a gradient scaler tells it here.
        """
        self._found_inf = getattr(optimizer, 'found_inf', None)
        named = ((name, parameter.grad) for name, parameter in self._trained.items())
        self._gradients = {name: gradient for name, gradient in named if gradient is not None}

    def _is_bad_update(self, losses: list[Tensor]) -> bool:
        """Whether any process has a bad loss or gradient. A gradient scaler sees to the gradients itself."""
        self._keep_gradients()
        self._flag.add([*losses, *([] if self._has_scaler else self._gradients.values())])
        return any_process(self._flag.pop())

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Keep the buffers as they are before the first micro-step, here, of an update that may be left out."""
        if self.skip and (self._buffers is None or runner.optim_wrapper.should_update()):
            named = unwrapped(runner.model).named_buffers()
            self._buffers = {name: buffer.clone() for name, buffer in named}

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Look at the step; stop if any process found something, or put back what an update left out has changed.

        Raises:
            NotFiniteError: The run must not go on.
        """
        if self._bad is None:
            self._bad = self._look(runner, data_batch, outputs)
        self._gradients = {}
        if self.skip and runner.optim_wrapper.should_update() and self._guard.left_out:
            self._put_back(runner)
        elif get_world_size() == 1 or self._is_due(runner):
            self._agree(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Look at the weights before they are saved and validated.

        Raises:
            NotFiniteError: The run must not go on.
        """
        if self._bad is None and (name := self._bad_weight(runner)):
            self._bad = BadStep(runner.iter, 'weight', {}, name, [])
        self._agree(runner)

    def _look(self, runner: Runner, data_batch: dict, outputs: dict[str, Tensor]) -> BadStep | None:
        """What is bad in this iteration on this process."""
        gradients = {} if self._has_scaler else self._gradients
        largest = math.inf if self._is_due(runner) else SMALL
        self._flag.add([outputs['loss'], *(each for each in gradients.values() if each.numel() <= largest)])
        if self._flag.pop():
            is_loss = not is_finite(outputs['loss'])
            model = unwrapped(runner.model)
            inputs = model.data_preprocessor(data_batch, True)['inputs']
            layer = find_origin(model, inputs, gradients, self._allowed, is_loss, self._is_clipped)
            what = 'loss' if is_loss else 'gradient'
        elif self._has_scaler and self._scaler_gives_up(runner):
            what, layer = 'gradient', 'unknown, at every scale of float16'
        elif self._is_due(runner) and (name := self._bad_weight(runner)):
            what, layer = 'weight', name
        else:
            return None
        images = image_names(data_batch, runner.train_dataloader.dataset)
        return BadStep(runner.iter + 1, what, loss_terms(outputs), layer, images)

    def _is_due(self, runner: Runner) -> bool:
        """Whether weights are looked at and processes agree now: each tenth iteration, and before a checkpoint."""
        kinds = CheckpointHook | MMEngineCheckpointHook
        savers = (hook for hook in runner.hooks if isinstance(hook, kinds) and not hook.by_epoch)
        return (
            self.every_n_train_iters(runner, self.interval)
            or self.is_last_train_iter(runner)
            or any(hook.every_n_train_iters(runner, hook.interval, hook.save_begin) for hook in savers)
        )

    def _bad_weight(self, runner: Runner) -> str | None:
        """Name of the first weight or buffer that is not finite; None if there is none."""
        model = unwrapped(runner.model)
        named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        is_sound = are_finite(tensor for name, tensor in named.items() if name not in self._allowed)
        return None if is_sound else first_not_finite(named, self._allowed)

    def _scaler_gives_up(self, runner: Runner) -> bool:
        """Whether the scaler left out so many updates in a row that none will follow."""
        if runner.optim_wrapper.should_update():
            is_left_out = not self._gradients or (self._found_inf is not None and bool(self._found_inf))
            self._num_unscaled = self._num_unscaled + 1 if is_left_out else 0
        return self._num_unscaled >= SCALER_PATIENCE

    def _agree(self, runner: Runner) -> None:
        """Stop all processes with what the first of them found, unless the next update is going to be left out."""
        waits = self.skip and self._bad is not None and self._bad.what != 'weight'
        if any_process(self._bad is not None and not waits):
            self._stop(runner, _first(self._bad))

    def _put_back(self, runner: Runner) -> None:
        """Undo what a bad batch did to the buffers, and count it."""
        bad, self._bad = _first(self._bad), None
        self._num_skipped += 1
        if self._num_skipped > self.skip:
            self._stop(runner, bad)
        unwrapped(runner.model).load_state_dict(self._buffers, strict=False)
        if self.halve_rate:
            self._rate_factor /= 2
            self._guard.rate_factor = self._rate_factor
        rate = f'; the learning rate is {self._rate_factor:g} times that of the schedule' if self.halve_rate else ''
        runner.logger.warning(f'left out update {self._num_skipped} of at most {self.skip}: {bad}{rate}')

    def _stop(self, runner: Runner, bad: BadStep) -> None:
        if is_main_process():
            bad.write(runner.work_dir)
        pointer = Path(runner.work_dir, POINTER)
        sound = 'There is no checkpoint yet'
        if pointer.is_file():
            sound = f'The last checkpoint is {os.fsdecode(pointer.read_bytes())}'
        advice = 'lower the learning rate' if self.skip else 'lower the learning rate or set skip of FiniteCheckHook'
        raise NotFiniteError(f'{bad} (all in {Path(runner.work_dir, FILE)}). {sound}: {advice}')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to write what is not finite; keep the count of updates that were left out.

        Raises:
            NotFiniteError: Names the tensor.
        """
        allowed = {*self._allowed, *(f'module.{name}' for name in self._allowed)}  # as an averaged model names them
        for part in SAVED:
            if name := first_not_finite(checkpoint.get(part, {}), allowed):
                where = name if part == 'state_dict' else f'{part} {name}'
                raise NotFiniteError(
                    f'no checkpoint is written in iteration {runner.iter}: a number in {where} is not finite. Lower '
                    'the learning rate and go on from an earlier checkpoint'
                )
        checkpoint['meta'][META] = dict(num_skipped=self._num_skipped, rate_factor=self._rate_factor)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse a checkpoint that is not finite; a run that is resumed goes on with its count and rate.

        Raises:
            UserError: Names the tensor.
        """
        source = runner._load_from or 'to resume from'
        refuse_not_finite(tensors_of(checkpoint, source), not_finite_by_design(unwrapped(runner.model)), source)
        saved = (checkpoint.get('meta') or {}).get(META)
        if runner._resume and saved:
            self._num_skipped, self._rate_factor = saved['num_skipped'], saved['rate_factor']


def _first(bad: BadStep | None) -> BadStep:
    """The first and most telling of what all processes found."""
    found = [each for each in all_gather_object(bad) if each is not None]
    return min(found, key=lambda each: (each.iteration, list(KINDS).index(each.what)))
