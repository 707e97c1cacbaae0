"""Every extension point of ltcl: children of mmengine's registries, all under the scope ``ltcl``.

A config names our parts ``ltcl.X``; the key alone imports the folders named in ``locations``.
"""

import functools
from collections.abc import Callable
from typing import Any

from mmengine import registry as root
from mmengine.registry import Registry

DATA_SETS = ['ltcl.datasets', 'ltcl.fashion_mnist.long_tailed']


class GuardedRegistry(Registry):
    """A registry of classes of which each calls :func:`~.checkpoints.schemes.install_safe_loaders` when it is made.

    So nobody, from a config or by hand, has a part of ours and mmengine run the code in a checkpoint.
    """

    def _register_module(self, module: Any, *args: object, **kwargs: object) -> None:
        super()._register_module(module, *args, **kwargs)
        module.__init__ = _with_safe_loaders(module.__init__)


def _with_safe_loaders(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def guarded(self: object, *args: object, **kwargs: object) -> None:
        from .checkpoints.schemes import install_safe_loaders

        install_safe_loaders()
        init(self, *args, **kwargs)

    return guarded


MODELS = GuardedRegistry('model', parent=root.MODELS, scope='ltcl', locations=['ltcl.models'])
DATASETS = Registry('dataset', parent=root.DATASETS, scope='ltcl', locations=DATA_SETS)
TRANSFORMS = Registry('transform', parent=root.TRANSFORMS, scope='ltcl', locations=['ltcl.datasets'])
DATA_SAMPLERS = Registry('data sampler', parent=root.DATA_SAMPLERS, scope='ltcl', locations=['ltcl.datasets'])
HOOKS = GuardedRegistry('hook', parent=root.HOOKS, scope='ltcl', locations=['ltcl.engine'])
RUNNERS = Registry('runner', parent=root.RUNNERS, scope='ltcl', locations=['ltcl.engine'])
LOOPS = Registry('loop', parent=root.LOOPS, scope='ltcl', locations=['ltcl.engine'])
MODEL_WRAPPERS = Registry('model_wrapper', parent=root.MODEL_WRAPPERS, scope='ltcl', locations=['ltcl.engine'])
OPTIM_WRAPPERS = Registry('optim_wrapper', parent=root.OPTIM_WRAPPERS, scope='ltcl', locations=['ltcl.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optim_wrapper constructor',
    parent=root.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='ltcl',
    locations=['ltcl.engine'],
)
PARAM_SCHEDULERS = Registry(
    'parameter scheduler', parent=root.PARAM_SCHEDULERS, scope='ltcl', locations=['ltcl.engine']
)
TASK_UTILS = Registry('task util', parent=root.TASK_UTILS, scope='ltcl', locations=['ltcl.models'])
METRICS = Registry('metric', parent=root.METRICS, scope='ltcl', locations=['ltcl.evaluation'])
VISBACKENDS = Registry('vis backend', parent=root.VISBACKENDS, scope='ltcl', locations=['ltcl.engine'])
