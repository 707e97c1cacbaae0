"""Every extension point of ltcl: children of mmengine's registries, all under the scope ``ltcl``.

A config names our parts ``ltcl.X``; the key alone imports the folders named in ``locations``.
"""

from mmengine import registry as root
from mmengine.registry import Registry

MODELS = Registry('model', parent=root.MODELS, scope='ltcl', locations=['ltcl.models'])
DATASETS = Registry(
    'dataset',
    parent=root.DATASETS,
    scope='ltcl',
    locations=['ltcl.datasets', 'ltcl.fashion_mnist.long_tailed'],
)
TRANSFORMS = Registry('transform', parent=root.TRANSFORMS, scope='ltcl', locations=['ltcl.datasets'])
DATA_SAMPLERS = Registry('data sampler', parent=root.DATA_SAMPLERS, scope='ltcl', locations=['ltcl.datasets'])
HOOKS = Registry('hook', parent=root.HOOKS, scope='ltcl', locations=['ltcl.engine'])
RUNNERS = Registry('runner', parent=root.RUNNERS, scope='ltcl', locations=['ltcl.engine'])
LOOPS = Registry('loop', parent=root.LOOPS, scope='ltcl', locations=['ltcl.engine'])
OPTIM_WRAPPERS = Registry('optim_wrapper', parent=root.OPTIM_WRAPPERS, scope='ltcl', locations=['ltcl.engine'])
PARAM_SCHEDULERS = Registry(
    'parameter scheduler', parent=root.PARAM_SCHEDULERS, scope='ltcl', locations=['ltcl.engine']
)
TASK_UTILS = Registry('task util', parent=root.TASK_UTILS, scope='ltcl', locations=['ltcl.models'])
METRICS = Registry('metric', parent=root.METRICS, scope='ltcl', locations=['ltcl.evaluation'])
VISBACKENDS = Registry('vis backend', parent=root.VISBACKENDS, scope='ltcl', locations=['ltcl.engine'])
