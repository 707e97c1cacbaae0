"""Training images per class, held as a buffer by whatever module needs them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ltcl.errors import UserError


class ClassCountsMixin(nn.Module):
    """Adds a ``class_counts`` buffer to a module; ``ltcl.ClassCountsHook`` fills it before training.

    A buffer, so that a checkpoint carries the counts and a resumed or tested model needs no training set.
    """

    class_counts: Tensor
    _counts_seen = False

    def register_class_counts(self, num_classes: int, class_counts: Sequence[int] | Tensor | None = None) -> None:
        """Create the buffer, all zeros (unknown) unless the counts are given.

        Args:
            num_classes: Number of classes.
            class_counts: Training images per class, shape (num_classes,).
        """
        self.register_buffer('class_counts', torch.zeros(num_classes, dtype=torch.int64))
        if class_counts is not None:
            self.set_class_counts(class_counts)

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take over the training images per class, shape (num_classes,).

        Raises:
            UserError: Another number of classes than the module has, a negative count, or no image at all.
        """
        counts = torch.as_tensor(class_counts)
        expected = len(self.class_counts)
        if counts.shape != (expected,):
            raise UserError(
                f'the training set has {counts.numel()} classes but {type(self).__name__} has num_classes={expected}: '
                f'set num_classes={counts.numel()} in the config or use another data set'
            )
        if (counts < 0).any() or counts.sum() == 0:
            raise UserError(f'class counts must not be negative nor all zero, got {counts.tolist()}')
        self.class_counts.copy_(counts)

    def known_class_counts(self) -> Tensor:
        """The counts, shape (num_classes,), int64.

        Raises:
            UserError: They were never set.
        """
        if not self._counts_seen:  # asked once: reading a sum back from a GPU at every step would stall it
            if self.class_counts.sum() == 0:
                raise UserError(
                    f'{type(self).__name__} needs the training images per class: add '
                    "class_counts=dict(type='ltcl.ClassCountsHook') to default_hooks or pass class_counts"
                )
            self._counts_seen = True
        return self.class_counts
