"""What augmentation is made of: a recipe has steps, a step draws operations, a back end applies them."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

NAMES = str.split(
    'autocontrast blur brightness color contrast cut_out equalize flip grey hue invert padded_crop posterize '
    'resized_crop rotate sharpness shear_x shear_y solarize solarize_add translate_x translate_y'
)
"""Operations, for each of which a back end is a module with a function of that name."""


class Operation(NamedTuple):
    """An operation whose parameters are drawn.

    Attributes:
        name: Key of a back end's ``OPERATIONS``.
        arguments: What that function takes after the image.
    """

    name: str
    arguments: tuple = ()


class GradedOperation(NamedTuple):
    """An operation whose argument follows from a level.

    Attributes:
        name: Key of a back end's ``OPERATIONS``.
        argument: Maps a level and a sign, 1 or -1, to the argument; None where the operation takes none.
        is_signed: Whether the sign makes a difference.
        is_geometric: Whether interpolation and the colour of pixels from outside the image follow the argument.
    """

    name: str
    argument: Callable[[Any, int], float] | None = None
    is_signed: bool = False
    is_geometric: bool = False

    def at(self, level: float, sign: int = 1, *how: Any) -> Operation:
        """The operation of that level and sign; ``how`` is interpolation and colour, for a geometric one."""
        if self.argument is None:
            return Operation(self.name)
        return Operation(self.name, (self.argument(level, sign), *(how if self.is_geometric else ())))


class Options(Protocol):
    """What the steps of a recipe take from the view that they make."""

    size: int
    rand_augment: Any


class Step(Protocol):
    """A step of a recipe, which draws the operations for one image."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """Operations for an image of that size, in order."""
