"""What a table of the names in an original's file is made of."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """Some tensors of an original and their place in ours.

    Args:
        theirs: Their name; for an encoder, what stands before the names of its tensors.
        ours: The same in ours.
        encoder: Where this is a whole network, its kind: a key of ``STEM`` in :mod:`.names`.
        form: How the values are laid out in theirs, see :mod:`.forms`.
    """

    theirs: str
    ours: str
    encoder: str | None = None
    form: str = 'same'


@dataclass(frozen=True)
class Layout:
    """One kind of file.

    Args:
        title: What messages call it.
        sources: What the converter's ``--from`` calls it.
        parts: What is converted.
        unused: Patterns of names that have no place in ours, and why.
        container: Key of the file under which the weights lie; None where they are the file.
        prefix: What the original's wrapper puts before every name.
        has_class_counts: Whether the method's head keeps the training images per class.
    """

    title: str
    sources: tuple[str, ...]
    parts: tuple[Part, ...]
    unused: dict[str, str] = field(default_factory=dict)
    container: str | None = 'state_dict'
    prefix: str = 'module.'
    has_class_counts: bool = False


def linear(theirs: str, ours: str) -> list[Part]:
    """A linear layer."""
    return [Part(f'{theirs}.{name}', f'{ours}.{name}') for name in ('weight', 'bias')]


def mlp(theirs: str, ours: str, linears: Iterable[int], norm: int | None = None) -> list[Part]:
    """The layers of an MLP that have tensors, by their numbers."""
    parts = [part for number in linears for part in linear(f'{theirs}.{number}', f'{ours}.{number}')]
    if norm is not None:
        parts += batch_norm(f'{theirs}.{norm}', f'{ours}.{norm}')
    return parts


def batch_norm(theirs: str, ours: str) -> list[Part]:
    """A batch normalisation."""
    names = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')
    return [Part(f'{theirs}.{name}', f'{ours}.{name}') for name in names]


def queue(rows: str, labels: str, pointer: str, rows_form: str = 'same', labels_form: str = 'same') -> list[Part]:
    """A labelled queue."""
    return [
        Part(rows, 'head.queue.embeddings', form=rows_form),
        Part(labels, 'head.queue.labels', form=labels_form),
        Part(pointer, 'head.queue.pointer'),
    ]


def classwise_queue(rows: str, pointer: str, ours: str) -> list[Part]:
    """A queue with slots of each class."""
    return [Part(rows, f'{ours}.embeddings', form='classwise'), Part(pointer, f'{ours}.pointer')]


def layout_of(*parts: Part | list[Part], **others: Any) -> Layout:
    """A layout of single parts and lists of them; ``others`` are the arguments of :class:`Layout`."""
    return Layout(
        parts=tuple(each for part in parts for each in (part if isinstance(part, list) else [part])), **others
    )
