"""Shapes, types and classes of what a loss is given, checked before anything is computed."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from ltcl.errors import UserError

Result = TypeVar('Result')
Sizes = dict[str, tuple[int, str]]

# Numbers of any type, which the losses convert; every other tensor has the type of the first one.
CONVERTED = ('class_counts', 'class_prior', 'class_weights', 'draws', 'negative_queue', 'queue')


def check_shapes(**shapes: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Decorate a loss with the shapes of its tensors.

    The types follow from the names: ``..labels`` are int64, ``valid..`` are bool, the others are floating-point numbers
    of one type. On a CPU ``labels`` must be in 0..C-1 and ``row_labels`` in -1..C-1, too; on a GPU the look at them
    would wait for it.

    Args:
        **shapes: A letter a dimension, such as ``anchors='N D'``; equal letters are equal sizes. C is the number of
            classes, also that of an argument ``num_classes``. An argument whose default is None may be None.

    Raises:
        UserError: By the decorated loss; names the argument, what it must be, and what it is.
    """
    dimensions = {name: tuple(letters.split()) for name, letters in shapes.items()}

    def decorate(loss: Callable[..., Result]) -> Callable[..., Result]:
        parameters = inspect.signature(loss).parameters
        names = tuple(parameters)
        optional = tuple(name for name in names if parameters[name].default is None)
        owner = loss.__name__

        @functools.wraps(loss)
        def checked(*args: Any, **kwargs: Any) -> Result:
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            sizes: Sizes = {'C': (given['num_classes'], 'num_classes')} if 'num_classes' in given else {}
            dtype = getattr(given.get(names[0]), 'dtype', None)
            for name, letters in dimensions.items():
                value = given.get(name)
                if name in given and not (value is None and name in optional):
                    _check_type(owner, name, value, dtype)
                    _check_shape(owner, name, value, letters, sizes)
            if 'C' in sizes:
                _check_classes(owner, given, sizes['C'][0], 'labels' in dimensions)
            return loss(*args, **kwargs)

        return checked

    return decorate


def _check_type(owner: str, name: str, value: Any, dtype: torch.dtype | None) -> None:
    """Refuse what is no tensor or has another type than its name tells; ``dtype`` is that of the first tensor."""
    if not isinstance(value, Tensor):
        raise UserError(f'{owner}: {name} must be a tensor, got {type(value).__name__}')
    if name.endswith('labels'):
        wanted, fits = 'int64', value.dtype == torch.int64
    elif name.endswith('valid'):
        wanted, fits = 'bool', value.dtype == torch.bool
    elif name in CONVERTED:
        wanted, fits = 'real numbers', not (value.dtype == torch.bool or value.is_complex())
    else:
        wanted, fits = (
            f'floating-point numbers of one type ({dtype})',
            value.is_floating_point() and value.dtype == dtype,
        )
    if not fits:
        raise UserError(f'{owner}: {name} must hold {wanted}, got {value.dtype}')


def _check_shape(owner: str, name: str, value: Tensor, letters: tuple[str, ...], sizes: Sizes) -> None:
    """Refuse another shape; sizes that are seen for the first time are added to ``sizes``."""
    shape = tuple(value.shape)
    fits = len(shape) == len(letters)
    for letter, size in zip(letters, shape, strict=False):
        fits = fits and sizes.setdefault(letter, (size, name))[0] == size
    if not fits:
        known = [f'{letter} = {sizes[letter][0]} of {sizes[letter][1]}' for letter in letters if letter in sizes]
        known = [text for text in known if not text.endswith(f' {name}')]
        wanted = f'({", ".join(letters)}{"," * (len(letters) == 1)})'
        raise UserError(
            f'{owner}: {name} must have shape {wanted}{" with " * bool(known)}{", ".join(known)}, got {shape}'
        )


def _check_classes(owner: str, given: dict[str, Any], num_classes: int, has_labels: bool) -> None:
    """Refuse classes that do not exist, where looking at them costs next to nothing."""
    for name, lowest in (('labels', 0), ('row_labels', -1)):
        classes = given.get(name)
        if classes is None or not classes.numel() or classes.device.type != 'cpu' or torch.compiler.is_compiling():
            continue
        least, most = (int(bound) for bound in classes.aminmax())
        if least < lowest or most >= num_classes:
            raise UserError(
                f'{owner}: {name} must be in {lowest}..{num_classes - 1} for {num_classes} classes, got {least}..{most}'
            )
