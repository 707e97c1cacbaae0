"""Classes of the training images, of the model and of the images that it is scored on: a label means one class."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from ltcl.datasets.class_names import normal_name
from ltcl.errors import UserError
from ltcl.neutral_text import shorten


def class_names(dataset: Any) -> list[str] | None:
    """Names of the classes of a data set in the order of their labels; None where labels have no names."""
    return real_names((getattr(dataset, 'metainfo', None) or {}).get('classes'))


def real_names(classes: Iterable[object] | None) -> list[str] | None:
    """Names of classes; None for labels written as text, which a list file without names gives."""
    names = [normal_name(str(name)) for name in classes or ()]
    return None if names == [str(label) for label in range(len(names))] else names


def check_head(model: nn.Module, num_classes: int) -> None:
    """Refuse a classifier of another number of classes than the training images have.

    With fewer rows a label is outside of them, which ends a training in the middle of an epoch; with more, some classes
    are there that no image can teach.

    Args:
        model: The model, without wrappers.
        num_classes: Classes of the training images.

    Raises:
        UserError: The numbers differ.
    """
    head = getattr(model, 'head', None)
    found = getattr(head, 'num_classes', None)
    if isinstance(found, int) and found != num_classes:
        raise UserError(
            f'the training set has {num_classes} classes but {type(head).__name__} has num_classes={found}: set '
            f'num_classes={num_classes} in the config or use another data set'
        )


def check_names(trained: Sequence[str] | None, scored: Sequence[str] | None, where: str) -> None:
    """Refuse images whose labels mean other classes than those of the training.

    A folder of classes labels them by the order of their names, so that one more or one less moves all that follow.
    Where not one name is in both, they are in two languages and nothing can be told.

    Args:
        trained: Names of the classes of the training, in the order of their labels.
        scored: Those of a validation or a test. The last classes may be missing.
        where: Key of the dataloader, for the message.

    Raises:
        UserError: A class is in another place, or one is not in the training.
    """
    labels = {name: label for label, name in enumerate(trained or ())}
    names = list(scored or ())
    if not any(name in labels for name in names):
        return
    strange = [name for name in names if name not in labels]
    moved = [name for label, name in enumerate(names) if labels.get(name, label) != label]
    if strange:
        raise UserError(
            f'{where}: the training images have no class {shorten(strange, 4)}: name the classes alike in both, '
            'and keep images of others apart'
        )
    if moved:
        lost = [name for name in labels if name not in names]
        why = f'there is no class {shorten(lost, 4)}' if lost else 'the classes are in another order'
        raise UserError(
            f'{where}: {why}, so label {names.index(moved[0])} is {moved[0]} there and '
            f'{list(labels)[names.index(moved[0])]} in the training: give both the same classes, in one order'
        )
