"""What the entries of a config can be: kinds and ranges by key, and the keys of sections without a class."""

from collections.abc import Container
from typing import NamedTuple

from ltcl.value_ranges import AT_LEAST_ONE, BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range
from ltcl.work_dir import AUTO

from .compile_option import MODES


class OneOf(NamedTuple):
    """Values that an entry can have.

    Args:
        values: All of them.
    """

    values: tuple

    def __contains__(self, value: object) -> bool:
        return any(value is each if isinstance(each, bool) else value == each for each in self.values)

    def __str__(self) -> str:
        return f'{"one of " if len(self.values) > 1 else ""}{", ".join(map(str, self.values))}'


class Kind(NamedTuple):
    """Types that an entry can have.

    Args:
        types: The types.
        words: What they are called.
        can_be_empty: Whether an empty text is one.
    """

    types: tuple
    words: str
    can_be_empty: bool = True

    def __contains__(self, value: object) -> bool:
        return isinstance(value, self.types) and (self.can_be_empty or bool(value))

    def __str__(self) -> str:
        return self.words


class Either(NamedTuple):
    """Values of either of two sets.

    Args:
        first: One set.
        second: The other.
    """

    first: Container
    second: Container

    def __contains__(self, value: object) -> bool:
        return value in self.first or value in self.second

    def __str__(self) -> str:
        return f'{self.first}, or {self.second}'


SECTION = Kind((dict,), 'a dict')
SECTIONS = Kind((dict, list, tuple), 'a dict or a list of dicts')
TRUTH = OneOf((True, False))
PATH = Kind((str,), 'a path or None', can_be_empty=False)

PRIORITIES = ('HIGHEST', 'VERY_HIGH', 'HIGH', 'ABOVE_NORMAL', 'NORMAL', 'BELOW_NORMAL', 'LOW', 'VERY_LOW', 'LOWEST')

# Pattern of a place, its entries, what they can be. The first pattern that fits a key rules; None is for the part to
# judge, except where NEEDED says otherwise.
TABLE: tuple[tuple[str, str, Container], ...] = (
    ('', 'model *_dataloader *_cfg optim_wrapper default_hooks randomness visualizer', SECTION),
    ('', 'auto_scale_lr custom_imports log_processor tta_model', SECTION),
    ('auto_scale_lr.', 'enable', TRUTH),
    ('auto_scale_lr.', 'base_batch_size', AT_LEAST_ONE),
    ('', 'param_scheduler *_evaluator', SECTIONS),
    ('', 'custom_hooks', Kind((list, tuple), 'a list of dicts')),
    ('', 'load_from', PATH),
    ('', 'work_dir', Kind((str,), 'the path of a folder', can_be_empty=False)),
    ('', 'default_scope', Kind((str,), "'mmpretrain' or, for segmentation, 'mmseg'", can_be_empty=False)),
    ('', 'resume', OneOf((True, False, AUTO))),
    ('', 'find_unused_parameters', TRUTH),
    ('', 'compile', Either(TRUTH, SECTION)),
    ('compile.', 'mode', OneOf(MODES)),
    ('compile.', 'backend', Kind((str,), 'the name of a backend of torch.compile', can_be_empty=False)),
    ('compile.', 'dynamic fullgraph disable', TRUTH),
    ('compile.', 'options', SECTION),
    ('', 'sync_bn', OneOf(('torch', 'mmcv'))),
    ('', 'experiment_name', Kind((str,), 'a name', can_be_empty=False)),
    ('', 'log_level', OneOf(('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 10, 20, 30, 40, 50))),
    ('', 'max_epochs max_iters num_classes', AT_LEAST_ONE),
    ('', 'val_share', BELOW_ONE),
    ('model.', 'type', Kind((object,), 'the name of a model')),
    ('train_cfg.', 'max_epochs max_iters val_interval val_begin', AT_LEAST_ONE),
    ('*_dataloader.', 'batch_size prefetch_factor num_batch_per_epoch', AT_LEAST_ONE),
    ('*_dataloader.', 'num_workers', COUNT),
    ('*_dataloader.', 'timeout', NOT_NEGATIVE),
    ('*_dataloader.', 'drop_last pin_memory persistent_workers sampler.shuffle', TRUTH),
    ('*_dataloader.', 'dataset sampler', SECTION),
    ('*_dataloader.', 'dataset.imbalance_factor', Range(1)),
    ('*_dataloader.', 'dataset.val_share', BELOW_ONE),
    ('*.', 'data_root', Kind((str,), 'the path of a folder')),
    ('*.', 'num_views', Either(AT_LEAST_ONE, Kind((list, tuple), 'a list of them', can_be_empty=False))),
    ('*.', 'num_views.*', AT_LEAST_ONE),
    ('*.', 'pipeline', Kind((list, tuple), 'a list of steps, each a dict')),
    ('optim_wrapper.', 'accumulative_counts', AT_LEAST_ONE),
    ('optim_wrapper.', 'optimizer clip_grad paramwise_cfg paramwise_cfg.custom_keys', SECTION),
    ('optim_wrapper.', 'clip_grad.max_norm', POSITIVE),
    ('*optimizer.', 'lr eps', POSITIVE),
    ('*optimizer.', 'weight_decay', NOT_NEGATIVE),
    ('*optimizer.', 'momentum betas.*', BELOW_ONE),
    ('*optimizer.', 'dampening', SHARE),
    ('*', '_decay_mult _lr_mult .decay_mult .lr_mult', NOT_NEGATIVE),
    ('*', '.layer_decay_rate', Range(0, 1, open_low=True)),
    ('param_scheduler*.', 'begin warmup_epochs milestones.*', COUNT),
    ('param_scheduler*.', 'end T_max max_epochs periods.* step_size interval', AT_LEAST_ONE),
    ('param_scheduler*.', 'milestones periods', Kind((list, tuple), 'a list of epochs')),
    ('param_scheduler*.', 'gamma power factor', POSITIVE),
    ('param_scheduler*.', 'start_factor', Range(0, 1, open_low=True)),
    ('param_scheduler*.', 'end_factor eta_min_ratio min_factor', SHARE),
    ('param_scheduler*.', 'eta_min warmup_lr', NOT_NEGATIVE),
    ('param_scheduler*.', 'by_epoch convert_to_iter_based', TRUTH),
    ('default_hooks.checkpoint.', 'interval max_keep_ckpts', Either(AT_LEAST_ONE, OneOf((-1,)))),
    ('default_hooks.checkpoint.', 'by_epoch save_last', TRUTH),
    ('default_hooks.checkpoint.', 'rule', OneOf(('greater', 'less'))),
    ('*_hooks.*.', 'priority', Either(Range(0, 100, whole=True), OneOf(PRIORITIES))),
    ('*_hooks.*.', 'interval num_images', AT_LEAST_ONE),
    ('*_hooks.*.', 'momentum end_momentum', SHARE),
    ('*_hooks.*.', 'begin_epoch', COUNT),
    ('*_evaluator*.', 'topk', Kind((int, list, tuple), 'a whole number or a list of them', can_be_empty=False)),
    ('*_evaluator*.', 'bounds', Kind((list, tuple), 'two counts of images', can_be_empty=False)),
    ('*_evaluator*.', 'topk.* k', AT_LEAST_ONE),
    ('*_evaluator*.', 'bounds.*', COUNT),
    ('*_evaluator*.', 'temperature', POSITIVE),
    ('randomness.', 'seed', Range(0, 2**32 - 1, whole=True)),
    ('randomness.', 'deterministic diff_rank_seed', TRUTH),
    ('env_cfg.', 'cudnn_benchmark', TRUTH),
    ('env_cfg.', 'mp_cfg.mp_start_method', OneOf(('fork', 'spawn', 'forkserver'))),
    ('env_cfg.', 'mp_cfg.opencv_num_threads', COUNT),
    ('env_cfg.', 'dist_cfg.backend', OneOf(('nccl', 'gloo', 'mpi', 'cncl', 'hccl', 'mccl'))),
    ('log_processor.', 'window_size', AT_LEAST_ONE),
    ('log_processor.', 'by_epoch', TRUTH),
    ('*.', 'prob', SHARE),
)
RULES = {f'{place}{name}': kind for place, names, kind in TABLE for name in names.split()}
# Without these a part fails in the middle of the run, or trains something else.
NEEDED = (
    'train_cfg.max_epochs',
    'train_cfg.max_iters',
    '*_dataloader.batch_size',
    '*_dataloader.num_workers',
    '*optimizer.lr',
    'work_dir',
    'model.type',
)

# Entries of the sections that no class is built from.
KEYS: dict[str, frozenset[str]] = {
    '*_dataloader': frozenset(
        {
            *('dataset', 'sampler', 'batch_sampler', 'batch_size', 'num_workers', 'collate_fn', 'drop_last'),
            *('pin_memory', 'pin_memory_device', 'prefetch_factor', 'persistent_workers', 'timeout', 'in_order'),
            *('worker_init_fn', 'multiprocessing_context', 'generator', 'num_batch_per_epoch'),
            'disable_subprocess_warning',
        }
    ),
    'env_cfg': frozenset({'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}),
    'env_cfg.mp_cfg': frozenset({'mp_start_method', 'opencv_num_threads', 'omp_num_threads', 'mkl_num_threads'}),
    'env_cfg.dist_cfg': frozenset({'backend', 'timeout', 'init_backend', 'port', 'use_mp', 'init_method'}),
    'randomness': frozenset({'seed', 'diff_rank_seed', 'deterministic'}),
    'compile': frozenset({'mode', 'backend', 'dynamic', 'fullgraph', 'disable', 'options'}),
    'auto_scale_lr': frozenset({'enable', 'base_batch_size'}),
    'optim_wrapper.clip_grad': frozenset(
        {'type', 'max_norm', 'norm_type', 'error_if_nonfinite', 'foreach', 'clip_value'}
    ),
    'custom_imports': frozenset({'imports', 'allow_failed_imports'}),
}
# Lists whose entries each have a type.
LISTS = ('custom_hooks', 'param_scheduler', 'val_evaluator', 'test_evaluator')
TOGETHER = (
    ('train_dataloader', 'train_cfg', 'optim_wrapper'),
    ('val_dataloader', 'val_cfg', 'val_evaluator'),
    ('test_dataloader', 'test_cfg', 'test_evaluator'),
)
