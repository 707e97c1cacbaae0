"""Labelled queue of past embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.errors import UserError

from .gather import gather


class FeatureQueue(nn.Module):
    """Ring buffer of embeddings and their labels, written in place.

    The rows, the labels, the pointer and the number of rows written are buffers, so a checkpoint resumes with them.

    Args:
        queue_len: Number of slots K; 0 makes every operation a no-op.
        feat_dim: Width D of an embedding.
        num_classes: Range of the random labels of the published initialisation.
        init: ``'published'`` fills the slots with random rows that take part in the loss until they are overwritten:
            standard normal, normalised over the K slots of each of the D columns (a row then has a norm of about
            sqrt(D / K)), with uniform random labels (PaCo). ``'unlabelled'`` fills them with random unit rows of label
            -1, which are nobody's positives (KCL, TSC as published). ``'empty'`` starts with no row and grows.

    Differs from the original: ``init='empty'`` does not exist there; enqueuing wraps around the end, so K need not be a
    multiple of the batch.

    Raises:
        UserError: Negative ``queue_len`` or another ``init``.
    """

    embeddings: Tensor
    labels: Tensor
    pointer: Tensor
    fill: Tensor

    def __init__(self, queue_len: int, feat_dim: int, num_classes: int, init: str = 'published') -> None:
        super().__init__()
        if queue_len < 0:
            raise UserError(f'queue_len must be 0 or positive, got {queue_len}')
        if init not in ('published', 'unlabelled', 'empty'):
            raise UserError(f"queue_init must be 'published', 'unlabelled' or 'empty', got {init!r}")
        self.queue_len = queue_len
        rows, labels = torch.randn(queue_len, feat_dim), torch.randint(num_classes, (queue_len,))
        self.register_buffer('embeddings', F.normalize(rows, dim=1 if init == 'unlabelled' else 0))
        self.register_buffer('labels', torch.full_like(labels, -1) if init == 'unlabelled' else labels)
        self.register_buffer('pointer', torch.zeros(1, dtype=torch.int64))
        self.register_buffer('fill', torch.full((1,), 0 if init == 'empty' else queue_len, dtype=torch.int64))
        # Python mirrors of the last two, so that no step reads a number back from the GPU.
        self._mirror: tuple[int, int] | None = None
        self.register_load_state_dict_post_hook(FeatureQueue._forget_mirror)

    def _forget_mirror(self, _incompatible_keys: object) -> None:
        self._mirror = None

    def _position(self) -> tuple[int, int]:
        """Pointer and number of valid rows as Python integers."""
        if self._mirror is None:
            self._mirror = (int(self.pointer), int(self.fill))
        return self._mirror

    def __len__(self) -> int:
        """Number of rows that take part in the loss."""
        return self._position()[1]

    def contents(self) -> tuple[Tensor, Tensor]:
        """Embeddings (len(self), D) and labels (len(self),) as they are now.

        They are views of the buffers: copy what must outlive the next :meth:`enqueue`.
        """
        fill = len(self)
        return self.embeddings[:fill], self.labels[:fill]

    @torch.no_grad()
    def enqueue(self, keys: Tensor, labels: Tensor) -> None:
        """Overwrite the oldest rows with the keys of all processes, rank 0 first.

        Args:
            keys: Embeddings of this process, shape (N, D); the same N on every process.
            labels: Their classes, int64, shape (N,).

        Raises:
            UserError: More keys than slots.
        """
        if self.queue_len:
            self.write(gather(keys.detach()), gather(labels))

    @torch.no_grad()
    def write(self, keys: Tensor, labels: Tensor) -> None:
        """As :meth:`enqueue`, of keys (M, D) and labels (M,) that are those of all processes already."""
        if self.queue_len == 0:
            return
        num_keys = len(keys)
        if num_keys > self.queue_len:
            raise UserError(
                f'queue_len={self.queue_len} is shorter than the {num_keys} keys of one step over all processes: '
                f'set queue_len to at least {num_keys}, or to 0 for no queue'
            )
        pointer, fill = self._position()
        until_end = min(num_keys, self.queue_len - pointer)
        for buffer, rows in ((self.embeddings, keys), (self.labels, labels)):
            buffer[pointer : pointer + until_end] = rows[:until_end].to(buffer.dtype)
            buffer[: num_keys - until_end] = rows[until_end:].to(buffer.dtype)
        self._mirror = ((pointer + num_keys) % self.queue_len, min(fill + num_keys, self.queue_len))
        self.pointer.fill_(self._mirror[0])
        self.fill.fill_(self._mirror[1])
