"""What augmentation is made of: drawn operations, which a back end applies."""

from typing import NamedTuple, Protocol


class Operation(NamedTuple):
    """An operation whose parameters are drawn.

    Attributes:
        name: Key of a back end's ``OPERATIONS``.
        arguments: What that function takes after the image.
    """

    name: str
    arguments: tuple = ()


class Options(Protocol):
    """What the steps of a block take from the configuration of a view."""

    size: int
    rand_augment: 'Step'


class Step(Protocol):
    """A step of a view, which draws the operations for one image."""

    def draw(self, height: int, width: int, options: Options) -> list[Operation]:
        """Operations for an image of that size, in order."""
