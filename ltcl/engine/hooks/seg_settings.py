"""The keys of a segmentation config that must agree: classes, heads, void label, padding."""

from collections.abc import Iterable, Iterator

from mmengine.dataset import BaseDataset
from mmengine.model import BaseModule
from mmengine.runner import BaseLoop, Runner
from torch import nn
from torch.utils.data import Dataset

from ltcl.datasets.seg_masks import LabelRule, find_mask_sets
from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from ..unwrapped import unwrapped


def rule_of(runner: Runner, name: str, dataset: Dataset) -> LabelRule:
    """The labels that a data set of a runner may hold.

    Args:
        runner: The runner, whose model and metrics are built.
        name: ``'train'``, ``'val'`` or ``'test'``: a training takes as void what its heads ignore, a test what its
            metrics ignore.
        dataset: The data set.

    Raises:
        UserError: Data set, heads, metrics and padding do not agree; names the keys.
    """
    heads = dict(_heads(runner.model))
    classes = _classes(heads, name, dataset)
    ignored = {f'{key}.ignore_index': head.ignore_index for key, head in heads.items()}
    if name == 'train':
        _check_void(ignored, dataset)
    else:
        ignored = dict(_ignored_by_metrics(runner, name)) or ignored
    void = frozenset(value for value in ignored.values() if value is not None)
    rule = LabelRule(classes, void, next(iter(ignored), 'ignore_index'))
    if name == 'train':
        _check_padding(runner.model, dataset, rule)
    return rule


def _heads(model: nn.Module) -> Iterator[tuple[str, BaseModule]]:
    """Decode heads by their config keys."""
    for key, module in model.named_modules():
        if hasattr(module, 'ignore_index') and hasattr(module, 'loss_decode'):
            yield f'model.{key.removeprefix("module.")}', module


def _ignored_by_metrics(runner: Runner, name: str) -> Iterator[tuple[str, int]]:
    """Of metrics that are built, and of those of a test that is not run yet."""
    loop = getattr(runner, f'_{name}_loop')
    metrics = loop.evaluator.metrics if isinstance(loop, BaseLoop) else runner._test_evaluator
    for position, metric in enumerate(metrics if isinstance(metrics, list) else [metrics]):
        if isinstance(metric, dict) and str(metric['type']).endswith('IoUMetric'):
            yield f'{name}_evaluator.{position}.ignore_index', metric.get('ignore_index', 255)
        elif hasattr(metric, 'ignore_index'):
            yield f'{name}_evaluator.{position}.ignore_index', metric.ignore_index


def _classes(heads: dict[str, BaseModule], name: str, dataset: BaseDataset) -> tuple[str, ...]:
    classes = dataset.metainfo.get('classes')
    sizes = {key: head.num_classes for key, head in heads.items()}
    if classes is None:
        if name != 'train' or not sizes:
            raise UserError(
                f"{name}_dataloader: the data set has no names of classes: set metainfo=dict(classes=('background', "
                '...)) of each data set'
            )
        return tuple(f'class {label}' for label in range(min(sizes.values())))
    if wrong := {key: size for key, size in sizes.items() if size != len(classes)}:
        raise UserError(
            f'{name}_dataloader: the data set has {len(classes)} classes ({shorten(list(classes), 4)}), but '
            + ', '.join(f'{key}.num_classes={size}' for key, size in wrong.items())
            + f': set num_classes={len(classes)} there, or metainfo=dict(classes=...) of the data sets'
        )
    return tuple(classes)


def _check_void(ignored: dict[str, int | None], dataset: Dataset) -> None:
    said = {getattr(each.dataset, 'ignore_index', 255) for each in find_mask_sets(dataset)} - {255}
    values = {*ignored.values(), *said}
    if len(values) > 1:
        keys = [*ignored.items(), *(('train_dataloader.dataset.ignore_index', value) for value in said)]
        raise UserError(
            ', '.join(f'{key}={value}' for key, value in keys)
            + ': give all of them, val_evaluator and test_evaluator one ignore_index (that of the data set alone does '
            'nothing)'
        )


def _check_padding(model: nn.Module, dataset: Dataset, rule: LabelRule) -> None:
    """Padding is labelled after the masks are checked."""
    model = unwrapped(model)
    padding = {'data_preprocessor.seg_pad_val': getattr(model.data_preprocessor, 'seg_pad_val', None)}
    for mask_set in find_mask_sets(dataset):
        padding.update(_paddings(mask_set.steps))
    for key, value in padding.items():
        if value is not None and rule.strange([value]):
            raise UserError(
                f'{key}={value} labels what is padded, and is neither a class nor void ({rule.void_keys}='
                f'{"/".join(map(str, sorted(rule.void)))}): give both the same value'
            )


def _paddings(steps: Iterable[object]) -> Iterator[tuple[str, int]]:
    for step in steps:
        if hasattr(step, 'seg_pad_val'):
            yield f'{type(step).__name__}.seg_pad_val', step.seg_pad_val
        elif isinstance(padding := getattr(step, 'pad_val', None), dict) and 'seg' in padding:
            yield f'{type(step).__name__}.pad_val.seg', padding['seg']
