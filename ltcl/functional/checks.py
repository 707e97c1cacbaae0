"""Shapes, types and classes of what a loss is given, and its temperatures, checked before anything is computed."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.value_ranges import check_choice, check_ranges

Result = TypeVar('Result')
Sizes = dict[str, tuple[int, str]]

SHAPES = dict(
    anchors='N D',
    rows='M D',
    logits='N C',
    keys='N D',
    prototypes='C D',
    class_means='C D',
    class_targets='C D',
    class_counts='C',
    class_prior='C',
    class_weights='C',
    queue='C P D',
    valid='C P',
    negative_queue='C Q D',
    negative_valid='C Q',
    draws='K N',
    labels='N',
    row_labels='M',
)
"""Shape of each tensor by its name: a letter a dimension, equal letters are equal sizes, C is the number of classes."""

CONVERTED = ('class_counts', 'class_prior', 'class_weights', 'draws', 'negative_queue', 'queue')
"""Tensors of numbers of any type, which the losses convert."""

LOWEST_CLASSES = dict(labels=0, row_labels=-1)
"""Smallest class of labels; the largest is the last class."""

CHOICES = dict(reduction='mean none', averaged='all first_view targets')
"""Words that an argument of a name may be."""

DIVISORS = ('temperature', 'base_temperature')
"""Numbers of which 0 makes a loss NaN."""


def check_shapes(**shapes: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Decorate a loss so that it refuses tensors of shapes and types that their names do not have.

    ``labels`` are int64, ``valid`` is bool, and the others are floating-point numbers of one type, but for those in
    :data:`CONVERTED`. On a CPU ``labels`` must be in 0..C-1 and ``row_labels`` in -1..C-1, too; on a GPU the look at
    them would wait for it. Temperatures are numbers in the range that they have in a config, unless they are tensors.

    Args:
        **shapes: Shapes that differ from those in :data:`SHAPES`, and words from those in :data:`CHOICES`, in the same
            form. An argument ``num_classes`` is C, and one whose default is None may be None.

    Raises:
        UserError: By the decorated loss; names the argument, what it must be, and what it is.
    """

    def decorate(loss: Callable[..., Result]) -> Callable[..., Result]:
        parameters = inspect.signature(loss).parameters
        names = tuple(parameters)
        optional = tuple(name for name in names if parameters[name].default is None)
        divisors = tuple(name for name in DIVISORS if name in names)
        words = {name: letters.split() for name, letters in {**SHAPES, **CHOICES, **shapes}.items() if name in names}
        choices = {name: words.pop(name) for name in CHOICES if name in words}

        @functools.wraps(loss)
        def checked(*args: Any, **kwargs: Any) -> Result:
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            sizes = {'C': (given['num_classes'], 'num_classes')} if 'num_classes' in given else {}
            first = given.get(names[0])
            dtype = first.dtype if isinstance(first, Tensor) and first.is_floating_point() else torch.float32
            for name, letters in words.items():
                if name in given and not (given[name] is None and name in optional):
                    fault = _fault(name, given[name], letters, sizes, dtype)
                    if fault:
                        raise UserError(f'{loss.__name__}: {name} must {fault}')
            for name, known in choices.items():
                if name in given:
                    check_choice(f'{loss.__name__}: {name}', given[name], known)
            numbers = {name: value for name in divisors if isinstance(value := given.get(name), int | float)}
            if numbers and not torch.compiler.is_compiling():
                check_ranges(loss.__name__, numbers)
            return loss(*args, **kwargs)

        return checked

    return decorate


def _fault(name: str, value: Any, letters: list[str], sizes: Sizes, dtype: torch.dtype) -> str | None:
    """What a value must be and is not; sizes that are seen for the first time are added."""
    if not isinstance(value, Tensor):
        return f'be a tensor, got {type(value).__name__}'
    wanted = torch.int64 if name.endswith('labels') else torch.bool if name.endswith('valid') else dtype
    if value.dtype != wanted and name not in CONVERTED:
        return f'hold {wanted}, got {value.dtype}'
    shape = value.shape
    if len(shape) != len(letters) or any(
        sizes.setdefault(letter, (size, name))[0] != size for letter, size in zip(letters, shape, strict=True)
    ):
        seen = [f'{letter} = {sizes[letter][0]} of {sizes[letter][1]}' for letter in letters if letter in sizes]
        known = ', '.join(each for each in seen if not each.endswith(f' of {name}'))
        return f'have shape ({", ".join(letters)}){" with " * bool(known)}{known}, got {tuple(shape)}'
    if name in LOWEST_CLASSES and len(shape) == 1 and 'C' in sizes:  # those of pixels may be void
        return _class_fault(value, LOWEST_CLASSES[name], *sizes['C'])
    return None


def _class_fault(labels: Tensor, lowest: int, num_classes: int, owner: str) -> str | None:
    """The range of the classes if labels are out of it, where a look at them costs next to nothing."""
    if labels.is_cpu and len(labels) and not torch.compiler.is_compiling():
        least, most = (int(bound) for bound in labels.aminmax())
        if least < lowest or most >= num_classes:
            return f'be in {lowest}..{num_classes - 1}, the classes of {owner}, got {least}..{most}'
    return None
