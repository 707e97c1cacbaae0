"""Rates of single layers that a config names."""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from mmengine.logging import print_log
from torch import nn

from ltcl.errors import UserError
from ltcl.launch.config_names import similar_names
from ltcl.launch.rate_checks import RATES


def check_custom_keys(optim_wrapper: Any, model: nn.Module) -> None:
    """Refuse a rate for layers that the model does not have.

    A decay alone is only logged: recipes name tables and tokens that not every variant of a network has.

    Args:
        optim_wrapper: Config of the wrapper, or a wrapper that is built.
        model: The model that is trained.

    Raises:
        UserError: Names the key and the similar layers.
    """
    paramwise = optim_wrapper.get('paramwise_cfg') if isinstance(optim_wrapper, Mapping) else None
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    for key, settings in ((paramwise or {}).get('custom_keys') or {}).items():
        if any(key in name for name in names):
            continue
        what = f'optim_wrapper.paramwise_cfg.custom_keys: {key!r} is in the name of no parameter'
        if RATES & set(settings):
            raise UserError(f'{what}: {similar_names(key, _layers(names)) or f"they are named as {names[0]}"}')
        print_log(what, logger='current')


def _layers(names: Iterable[str]) -> set[str]:
    """Each name, and those of the layers around it, by which a key may call it."""
    return {layer for name in names for layer in accumulate(name.split('.'), '{}.{}'.format)}
