"""Views that a pipeline makes of each image, and what collects and prepares them."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine import registry as root

from ltcl.errors import UserError

from .data_files import PACKAGES
from .registered import registered


def count_views(loader: Mapping[str, Any], scope: str) -> int | None:
    """Views of each image.

    Args:
        loader: Config of a dataloader.
        scope: Scope of names without a prefix.

    Returns:
        Their number, 1 of a pipeline that makes none; None where it cannot be told: a step is someone else's, or the
        parts of a joined data set differ.
    """
    numbers = {_count_in(pipeline, scope) for pipeline in _pipelines(loader.get('dataset') or {})}
    return numbers.pop() if len(numbers) == 1 else None


def _pipelines(dataset: Mapping[str, Any]) -> Iterator[list]:
    """Pipelines of a data set and of those that it wraps."""
    if dataset.get('pipeline'):
        yield dataset['pipeline']
    for inner in (dataset.get('dataset'), *(dataset.get('datasets') or ())):
        if isinstance(inner, Mapping):
            yield from _pipelines(inner)


def _count_in(pipeline: list, scope: str) -> int | None:
    for step in pipeline:
        made = _made_by(step)
        if made:
            return made
    packages = (getattr(registered(root.TRANSFORMS, step['type'], scope), '__module__', '') for step in pipeline)
    is_known = all(package.split('.')[0] in (*PACKAGES, 'torchvision') for package in packages)
    return 1 if is_known else None


def _made_by(step: Mapping[str, Any]) -> int:
    """Views that a step makes; 0 of a step that makes none."""
    name = str(step.get('type')).rpartition('.')[2]
    if name == 'Views':
        return len(step.get('recipes') or step.get('blocks') or ())
    if name == 'MultiView':
        number = step['num_views']
        return number if isinstance(number, int) else sum(number)
    return 0


def check_collation(entries: Mapping[str, Any], scope: str) -> None:
    """Several views are collected view by view and prepared together.

    Args:
        entries: The whole config, whose train pipeline makes several views.
        scope: Scope of names without a prefix.

    Raises:
        UserError: The dataloader or the data preprocessor takes single images.
    """
    from ltcl.models import MultiViewDataPreprocessor

    collate = (entries['train_dataloader'].get('collate_fn') or {}).get('type', 'pseudo_collate')
    if collate == 'pseudo_collate':
        raise UserError(
            "several views of an image need train_dataloader.collate_fn=dict(type='default_collate'): set it"
        )
    named = (entries['model'].get('data_preprocessor') or entries.get('data_preprocessor') or {}).get('type')
    prepared = registered(root.MODELS, str(named or 'ClsDataPreprocessor'), scope)
    is_foreign = getattr(prepared, '__module__', '').split('.')[0] not in PACKAGES
    if not is_foreign and not issubclass(prepared, MultiViewDataPreprocessor):
        raise UserError(
            f"several views of an image need data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', ...), and "
            f'{prepared.__name__} takes one: set it'
        )
