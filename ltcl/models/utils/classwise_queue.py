"""Queue with slots of its own for every class."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.errors import UserError

from .gather import gather


class ClasswiseQueue(nn.Module):
    """One ring buffer of embeddings per class, so that a tail class keeps as many rows as a head class.

    From `Rebalanced Siamese Contrastive Mining <https://arxiv.org/abs/2203.11506>`_. The rows, the write pointers and
    the numbers of written slots are buffers, so a checkpoint resumes with them.

    Args:
        num_classes: Number of classes.
        slots_per_class: Slots S of each class; 0 makes every operation a no-op.
        feat_dim: Width D of an embedding.
        init: All slots start with random unit rows. ``'published'`` lets them take part in the loss until they are
            overwritten; ``'empty'`` leaves unwritten slots out of it.

    Differs from the original: ``init='empty'`` does not exist there. All keys of a step are written at once, without
    a loop over samples and without waiting for the GPU.

    Raises:
        UserError: Negative ``slots_per_class`` or another ``init``.
    """

    embeddings: Tensor
    pointer: Tensor
    fill: Tensor

    def __init__(self, num_classes: int, slots_per_class: int, feat_dim: int, init: str = 'published') -> None:
        super().__init__()
        if slots_per_class < 0:
            raise UserError(f'the slots per class of a queue must be 0 or positive, got {slots_per_class}')
        if init not in ('published', 'empty'):
            raise UserError(f"queue_init must be 'published' or 'empty', got {init!r}")
        self.num_classes = num_classes
        self.slots_per_class = slots_per_class
        self.init = init
        rows = F.normalize(torch.randn(num_classes, slots_per_class, feat_dim), dim=2)
        self.register_buffer('embeddings', rows)
        self.register_buffer('pointer', torch.zeros(num_classes, dtype=torch.int64))
        first_fill = slots_per_class if init == 'published' else 0
        self.register_buffer('fill', torch.full((num_classes,), first_fill, dtype=torch.int64))

    def valid(self) -> Tensor:
        """Slots that take part in the loss, bool, shape (num_classes, S)."""
        return torch.arange(self.slots_per_class, device=self.fill.device) < self.fill[:, None]

    def contents(self) -> tuple[Tensor, Tensor | None]:
        """Rows as they are now, in a copy that the coming :meth:`enqueue` leaves alone, and the slots that count.

        Returns:
            Rows (num_classes, S, D), slot by slot in memory as they are compared, and :meth:`valid`, or None for it
            where every slot counts by definition.
        """
        rows = self.embeddings.transpose(0, 1).clone(memory_format=torch.contiguous_format).transpose(0, 1)
        return rows, self.valid() if self.init == 'empty' else None

    @torch.no_grad()
    def enqueue(self, keys: Tensor, labels: Tensor) -> None:
        """Write the keys of all processes, rank 0 first, each over the oldest row of its class.

        Where a class has more than S keys, only its last S remain.

        Args:
            keys: Embeddings of this process, shape (N, D); the same N on every process.
            labels: Their classes, int64, shape (N,).
        """
        if self.slots_per_class:
            self.write(gather(keys.detach()), gather(labels))

    @torch.no_grad()
    def write(self, keys: Tensor, labels: Tensor) -> None:
        """As :meth:`enqueue`, of keys (M, D) and labels (M,) that are those of all processes already."""
        if self.slots_per_class == 0:
            return
        ones = torch.ones_like(labels)
        counts = torch.zeros_like(self.pointer).index_add_(0, labels, ones)
        order = labels.argsort(stable=True)
        classes = labels[order]
        first = (counts.cumsum(0) - counts)[classes]
        ranks = torch.arange(len(labels), device=labels.device) - first
        # Keys that share a slot all write the row of the last of them: then no write depends on the order.
        rounds_left = (counts[classes] - 1 - ranks) // self.slots_per_class
        last = first + ranks + rounds_left * self.slots_per_class
        slots = (self.pointer[classes] + ranks) % self.slots_per_class
        self.embeddings[classes, slots] = keys[order[last]].to(self.embeddings.dtype)
        self.pointer.add_(counts).remainder_(self.slots_per_class)
        self.fill.add_(counts).clamp_(max=self.slots_per_class)
