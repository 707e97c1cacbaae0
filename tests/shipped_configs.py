"""The configs of this repository, read once, and what they were when their merged results were recorded."""

import ast
import contextlib
import functools
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import get_priority
from torch import nn

from ltcl.launch import load_config
from ltcl.launch.hook_names import MMENGINE_HOOKS

CONFIGS = Path(__file__).parents[1] / 'configs'
PATHS = sorted(path for path in CONFIGS.rglob('*.py') if '_base_' not in path.relative_to(CONFIGS).parts)
RECORD = Path(__file__).with_name('merged_configs.txt.xz')


def name_of(path: Path) -> str:
    """``paco/paco_resnet20_...``: how the record and a test's id call a config."""
    return path.relative_to(CONFIGS).with_suffix('').as_posix()


@functools.cache
def read(path: Path) -> Config:
    """A config as the tools read it. Shared by tests: not to be changed."""
    return load_config(str(path))


@functools.cache
def recorded() -> dict[str, dict]:
    """Merged result of each recorded config by name; ``xz -dc tests/merged_configs.txt.xz`` shows them."""
    lines = lzma.decompress(RECORD.read_bytes()).decode().splitlines()
    return {name: ast.literal_eval(value) for name, value in (line.split(' = ', 1) for line in lines)}


@contextlib.contextmanager
def undrawn_weights() -> Iterator[None]:
    """Weights as they lie in memory: drawing those of the largest networks takes seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        for layer in (nn.Linear, nn.Conv2d):
            patch.setattr(layer, 'reset_parameters', lambda self: None)
        with contextlib.suppress(ImportError):
            patch.setattr('timm.layers.weight_init._trunc_normal_', lambda tensor, *_: tensor)
        yield


def called_hooks(entries: dict) -> list[dict]:
    """Configs of all hooks in the order in which a runner calls them."""
    named = {name: dict(type=kind) for name, kind in MMENGINE_HOOKS.items()} | dict(entries['default_hooks'])
    hooks = [*(hook for hook in named.values() if hook is not None), *entries['custom_hooks']]
    return sorted(hooks, key=_priority)


def _priority(hook: dict) -> int:
    built: type[Hook] = HOOKS.get(hook['type'])
    return get_priority(hook.get('priority', built.priority))
