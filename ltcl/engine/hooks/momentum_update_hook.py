"""Momentum update of the key encoder."""

import math
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.errors import UserError
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class MomentumUpdateHook(Hook):
    """Moves the momentum encoder after the trained one, once per optimizer step.

    The published step updates the key encoder between the query's and the key's forward pass, with the query weights
    from before this step's optimizer update. No weight changes between the start of the iteration and that moment, so
    the update at the start of the iteration is the same. Micro-steps of gradient accumulation after the first one leave
    the encoder alone.

    A fresh run starts with a hard copy: weights are initialised or loaded after the model is built.

    Args:
        momentum: Share of the old key weights that is kept at each step, in 0..1.
        end_momentum: Value that a cosine comes to at the end of the training; None keeps ``momentum`` constant, as
            published.
        sync_at_start: Copy the trained encoder before the first iteration; False keeps a key encoder that was loaded.

    Raises:
        UserError: A momentum outside 0..1.
    """

    def __init__(self, momentum: float = 0.999, end_momentum: float | None = None, sync_at_start: bool = True) -> None:
        for value in (momentum, end_momentum):
            if value is not None and not 0 <= value <= 1:
                raise UserError(f'momentum of MomentumUpdateHook must lie in 0..1, got {value}')
        self.momentum = momentum
        self.end_momentum = end_momentum
        self.sync_at_start = sync_at_start

    def before_train(self, runner: Runner) -> None:
        """Start the key encoder as a copy of the trained one, unless the run is resumed."""
        # A resumed run may be in iteration 0: its first epoch is begun again where images were added.
        if self.sync_at_start and runner.iter == 0 and not getattr(runner, '_resume', False):
            self._model(runner).sync_momentum_encoder()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Update the key encoder at the first micro-step of each optimizer step."""
        if runner.optim_wrapper.should_update():
            self._model(runner).update_momentum_encoder(self.momentum_at(runner.iter, runner.max_iters))

    def momentum_at(self, iteration: int, max_iters: int) -> float:
        """Momentum of an iteration, counted from 0."""
        if self.end_momentum is None:
            return self.momentum
        remaining = (1 + math.cos(math.pi * iteration / max_iters)) / 2
        return self.end_momentum + (self.momentum - self.end_momentum) * remaining

    @staticmethod
    def _model(runner: Runner) -> Any:
        model = unwrapped(runner.model)
        if not getattr(model, 'key_views', ()):
            raise UserError(
                'MomentumUpdateHook needs a model with a momentum encoder: set key_views of ltcl.ContrastiveClassifier '
                'or take the hook away with default_hooks.momentum_update=None'
            )
        return model
