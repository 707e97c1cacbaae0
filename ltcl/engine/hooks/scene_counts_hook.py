"""Images and pixels of each class of own masks, handed to everything that needs them."""

from typing import Any

from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.errors import UserError
from ltcl.registry import HOOKS

from .class_counts_hook import ClassCountsHook

PIXELS = 'pixel_counts'


@HOOKS.register_module()
class SceneCountsHook(ClassCountsHook):
    """Takes the counts of ``ltcl.OwnScenes`` and gives them to model parts and metrics with ``set_class_counts``.

    A part says with ``count_key`` whether it wants training images that show a class, ``'image'``, or pixels of it,
    ``'pixel'``. The counts travel in the checkpoint's meta data, so that a test needs no training set.

    Attributes:
        counts: Training images that show each class; None while they are not known.
        pixels: Training pixels of each class.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pixels: list[int] | None = None

    def count(self, dataset: Dataset) -> list[int]:
        """Training images that show each class; keeps the pixels as well.

        Raises:
            UserError: The data set counts neither.
        """
        found = getattr(dataset, 'class_counts', None)
        if found is None:
            raise UserError(
                f'{type(dataset).__name__} has no class_counts: SceneCountsHook goes with ltcl.OwnScenes; set '
                'default_hooks.class_counts=None and name a file of `ltcl seg-stats`'
            )
        self.pixels = list(found.pixel)
        return list(found.image)

    def counts_for(self, taker: Any) -> list[int]:
        """Images or pixels, as the part wants them."""
        chosen = self.pixels if getattr(taker, 'count_key', 'image') == 'pixel' else self.counts
        assert chosen is not None
        return chosen

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the counts into the checkpoint's meta data."""
        super().before_save_checkpoint(runner, checkpoint)
        checkpoint['meta'][PIXELS] = self.pixels

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the counts out of the checkpoint's meta data."""
        self.pixels = checkpoint.get('meta', {}).get(PIXELS)
        if self.pixels is not None:  # otherwise both are counted anew
            super().after_load_checkpoint(runner, checkpoint)
