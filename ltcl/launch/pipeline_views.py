"""Views that a pipeline makes of each image, and what collects and prepares them."""

from collections.abc import Iterator, Mapping

from mmengine import registry as root

from ltcl.errors import UserError

from .data_files import PACKAGES
from .training_parts import Part, Training


def count_views(training: Training) -> int | None:
    """Views that the train pipeline makes of each image, 1 of a pipeline that makes none.

    None where that cannot be told: a step is someone else's, or the parts of a joined data set differ.
    """
    loader = training.entries['train_dataloader']
    features = cached_features(training, 'train_dataloader')
    if features is not None:
        return features.arguments['num_views']
    numbers = {_count_in(training, pipeline) for pipeline in _pipelines(loader)}
    return numbers.pop() if len(numbers) == 1 else None


def cached_features(training: Training, loader: str) -> Part | None:
    """The data set of a loader, if it is one of cached features."""
    from ltcl.datasets import CachedFeatures

    entries = (training.entries.get(loader) or {}).get('dataset')
    dataset = training.part(root.DATASETS, f'{loader}.dataset', entries)
    return dataset if dataset.is_a(CachedFeatures) else None


def _pipelines(node: Mapping) -> Iterator[list]:
    """Pipelines of a data set and of those that it wraps."""
    if node.get('pipeline'):
        yield node['pipeline']
    for inner in (node.get('dataset'), *(node.get('datasets') or ())):
        if isinstance(inner, Mapping):
            yield from _pipelines(inner)


def _count_in(training: Training, pipeline: list) -> int | None:
    steps = [training.part(root.TRANSFORMS, 'pipeline', step) for step in pipeline]
    made = [number for number in map(_made_by, steps) if number]
    is_known = all(_package(step) in (*PACKAGES, 'torchvision') for step in steps)
    return made[0] if made else 1 if is_known else None


def _made_by(step: Part) -> int:
    """Views that a step makes; 0 of a step that makes none."""
    if step.name == 'MultiView':
        number = step.entries['num_views']
        return number if isinstance(number, int) else sum(number)
    views = step.entries.get('recipes') or step.entries.get('blocks')
    return len(views) if step.name == 'Views' and isinstance(views, list | tuple) else 0


def _package(part: Part) -> str:
    return getattr(part.built, '__module__', '').partition('.')[0]


def leaves_to_device(training: Training) -> bool:
    """Whether the train pipeline leaves a part of the augmentation to the data preprocessor."""
    steps = (step for pipeline in _pipelines(training.entries['train_dataloader']) for step in pipeline)
    return any(isinstance(step, Mapping) and step.get('backend') == 'device' for step in steps)


def check_collation(training: Training, what: str = 'several views') -> None:
    """Several views are collected view by view, and prepared together.

    Args:
        training: The training.
        what: Of its views needs that.

    Raises:
        UserError: The dataloader or the data preprocessor takes single images.
    """
    from ltcl.models import MultiViewDataPreprocessor

    collate = training.entries['train_dataloader'].get('collate_fn')
    if collate is None or (isinstance(collate, Mapping) and collate.get('type') == 'pseudo_collate'):
        raise UserError(f"{what} need train_dataloader.collate_fn=dict(type='default_collate'): set it")
    named = training.model.entries.get('data_preprocessor') or training.entries.get('data_preprocessor')
    prepared = training.part(root.MODELS, 'data_preprocessor', {'type': 'ClsDataPreprocessor'} | dict(named or {}))
    if _package(prepared) in PACKAGES and not prepared.is_a(MultiViewDataPreprocessor):
        raise UserError(
            f"{what} need data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor'), not {prepared.name}: "
            'set its type'
        )
