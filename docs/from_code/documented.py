"""Where the reference documents a part: its packages, and the name by which a page refers to a class or function."""

import importlib
import re
from functools import cache

from ltcl.catalogue import first_sentence

# Title of each page of the reference, by the package whose public names it documents.
PACKAGES = {
    'functional': 'Losses',
    'models.heads': 'Heads',
    'models.losses': 'Loss modules',
    'models.algorithms': 'Algorithms',
    'models.backbones': 'Backbones',
    'models.necks': 'Projectors',
    'models.adapters': 'Adapters',
    'models.utils': 'Queues, targets, gathering',
    'models.decode_heads': 'Segmentation',
    'datasets': 'Data sets',
    'datasets.samplers': 'Samplers',
    'datasets.transforms': 'Transforms',
    'engine.hooks': 'Hooks',
    'engine.optimizers': 'Optimizer wrappers',
    'engine.schedulers': 'Schedules',
    'engine.sharded': 'Sharded models',
    'evaluation.functional': 'Figures as functions',
    'evaluation.metrics': 'Metrics',
    'predictions': 'Saved predictions',
    'inference': 'Inference',
    'export': 'Export',
    'errors': 'Errors',
}


@cache
def documented() -> dict[str, str]:
    """Full name of each public name in the reference."""
    return {name: f'ltcl.{package}.{name}' for package in PACKAGES for name in public_names(f'ltcl.{package}')[::-1]}


def public_names(package: str) -> list[str]:
    """The public names of a package, or of a module that is no package."""
    module = importlib.import_module(package)
    own = [name for name, value in vars(module).items() if getattr(value, '__module__', '') == package]
    return list(getattr(module, '__all__', own))


def reference(name: str) -> str:
    """A name as Markdown: linked to the reference where that has it."""
    full = documented().get(name)
    return f'{{py:obj}}`{name} <{full}>`' if full else f'`{name}`'


def about(name: str) -> str:
    """The first sentence about a part; empty of a part that is not ours."""
    full = documented().get(name)
    if full is None:
        return ''
    package, _, last = full.rpartition('.')
    return as_markdown(first_sentence(getattr(importlib.import_module(package), last).__doc__)).replace('|', r'\|')


def as_markdown(text: str) -> str:
    """A sentence of a docstring, which is reStructuredText, as Markdown."""
    text = re.sub(r'``(.+?)``', r'`\1`', text)
    text = re.sub(r':\w+:`[~.]*(.+?)`', r'`\1`', text)
    return re.sub(r'`([^`<]+) <(\S+)>`_+', r'[\1](\2)', text)
