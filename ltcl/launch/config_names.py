"""Top-level names of a config: sections that something reads, variables of its own, and misspelt ones."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ltcl.errors import UserError

# What mmengine's Runner, mmpretrain, mmseg and the tools here read.
SECTIONS = frozenset(
    {
        *('model', 'data_preprocessor', 'model_wrapper_cfg', 'find_unused_parameters', 'activation_checkpointing'),
        *('train_dataloader', 'val_dataloader', 'test_dataloader', 'train_cfg', 'val_cfg', 'test_cfg'),
        *('val_evaluator', 'test_evaluator', 'tta_model', 'tta_pipeline', 'optim_wrapper', 'param_scheduler'),
        *('auto_scale_lr', 'default_hooks', 'custom_hooks', 'custom_imports', 'default_scope', 'log_processor'),
        *('log_level', 'visualizer', 'experiment_name', 'work_dir', 'load_from', 'resume', 'stage1_config'),
        *('randomness', 'env_cfg', 'launcher', 'stall_timeout', 'sync_bn', 'compile', 'cfg'),
    }
)
# Names of mmcv's runner and of other toolboxes, and what they are called here.
ELSEWHERE = {
    'batch_size': 'train_dataloader.batch_size',
    'checkpoint': 'load_from',
    'checkpoint_config': 'default_hooks.checkpoint',
    'data': 'train_dataloader, val_dataloader and test_dataloader',
    'dist_params': 'env_cfg.dist_cfg',
    'epochs': 'max_epochs',
    'evaluation': 'train_cfg.val_interval, val_evaluator and test_evaluator',
    'learning_rate': 'optim_wrapper.optimizer.lr',
    'log_config': 'default_hooks.logger',
    'lr': 'optim_wrapper.optimizer.lr',
    'lr_config': 'param_scheduler',
    'lr_scheduler': 'param_scheduler',
    'num_workers': 'train_dataloader.num_workers',
    'optimizer': 'optim_wrapper.optimizer',
    'optimizer_config': 'optim_wrapper',
    'resume_from': 'load_from with resume=True',
    'runner': 'train_cfg',
    'scheduler': 'param_scheduler',
    'seed': 'randomness.seed',
    'total_epochs': 'max_epochs',
    'weight_decay': 'optim_wrapper.optimizer.weight_decay',
    'workers_per_gpu': 'train_dataloader.num_workers',
}
# Variables that the tools read themselves, and usual ones that resemble a section.
USUAL = frozenset({'num_classes', 'max_epochs', 'max_iters', 'train_pipeline', 'val_pipeline', 'test_pipeline'})


def is_variable(name: str) -> bool:
    """Whether a top-level name is a config's own: something that it computes its sections from."""
    return name not in SECTIONS


def similar_names(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """``'did you mean A or B?'``, or nothing where no name is similar; capitals make no difference."""
    by_small = {each.lower(): each for each in sorted(known, reverse=True)}
    similar = [by_small[each] for each in difflib.get_close_matches(name.lower(), sorted(by_small), n=3, cutoff=cutoff)]
    return f'did you mean {" or ".join(similar)}?' if similar else ''


def check_names(entries: Mapping[str, object], origin: Mapping[str, Path], used: set[str], leaf: Path) -> None:
    """Refuse top-level names that nothing reads.

    A name that some file of the config reads is a variable. So is one in a file that computes nothing, such as a config
    that mmengine wrote down at the start of a run, unless it resembles a section.

    Args:
        entries: Top-level entries.
        origin: File that sets each of them.
        used: Names that the files read; ``'*'`` if they may read any.
        leaf: The config itself: in a file that it inherits from, a name may be there for other configs.

    Raises:
        UserError: Names the first such name and its file.
    """
    if '*' in used:
        return
    for name in entries:
        if name in SECTIONS or name in used or name in USUAL or name.startswith('_'):
            continue
        similar = similar_names(name, SECTIONS, cutoff=0.8)
        elsewhere = f'here it is {ELSEWHERE[name]}' if name in ELSEWHERE and used else ''
        unread = 'delete it, or begin it with _ if it is a note' if used and origin[name] == leaf else ''
        if similar or elsewhere or unread:
            others = similar_names(name, used) if not similar else ''
            raise UserError(f'{origin[name]}: nothing reads {name}: {similar or elsewhere or others or unread}')
