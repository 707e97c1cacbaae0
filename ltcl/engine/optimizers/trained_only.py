"""An optimizer for what is trained, with the rates that a config names."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from mmengine.logging import MMLogger, print_log
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn

from ltcl.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class TrainedOnly(DefaultOptimWrapperConstructor):
    """mmengine's constructor, whose optimizer gets trained parameters only, in a group for each rate.

    mmengine's own gives the optimizer all parameters, frozen ones too, unless there is a ``paramwise_cfg``; then it
    makes a group of each and logs several lines of it.
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer and its wrapper, and log how much is trained at which rate."""
        self.paramwise_cfg: dict = self.paramwise_cfg or dict(bypass_duplicate=True)  # any entry: it looks at each
        with _quiet():
            wrapper = super().__call__(model)
        total = sum(parameter.numel() for parameter in model.parameters())
        groups = [
            (sum(each.numel() for each in group['params']), group['lr']) for group in wrapper.optimizer.param_groups
        ]
        rates = ', '.join(f'{number:,} at rate {rate:g}' for number, rate in groups)
        print_log(f'trained are {rates}, of {total:,} parameters', logger='current')
        return wrapper

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs: Any) -> None:
        """Add the trained parameters of a module, see mmengine; those of the whole model in few groups."""
        super().add_params(params, module, prefix, **kwargs)
        if not prefix:
            params[:] = _merged(params)


def _merged(params: list[dict]) -> list[dict]:
    """One group of all that have the same settings."""
    groups: dict[str, dict] = {}
    for each in params:
        settings = {key: value for key, value in each.items() if key != 'params'}
        groups.setdefault(repr(settings), dict(settings, params=[]))['params'] += each['params']
    return list(groups.values())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines on each parameter."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
