"""What the two priority samplers share: designed weights, priorities, state."""

import random
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from torch.utils.data import Dataset

from ltcl.errors import UserError

from .epoch_sampler import EpochSampler
from .priority_weights import balance_schedule, mixed_class_weights, root_at

ROOT_DECAYS = ('exp', 'linear', 'autoexp')


class PrioritySampler(EpochSampler):
    """Priorities of images, designed class weights, and their course over the epochs.

    The designed weights M lie between the class sizes and an equal share, see :func:`mixed_class_weights`; their share
    of balance may rise over the epochs, or their root. To these come priorities w of the images, which
    :meth:`update` moves.

    Args:
        dataset: Data set with ``get_gt_labels``.
        balance: Share of the balanced weights in 0..1; None lets it follow ``cycle`` over the epochs.
        cycle: 0 rises once over the epochs, 1 rises three times, 2 rises, falls and rises.
        root: Balanced weights are the root of this order, above 1, of the class sizes; None for equal weights. With
            ``root_decay='autoexp'`` the order of the last epoch.
        root_decay: ``'exp'`` doubles the order every ``decay_gap`` epochs, ``'linear'`` adds 1, ``'autoexp'`` grows to
            ``root``, all from order 1 on; M is then balanced by root and drawn from alone. None keeps ``root``.
        decay_gap: Epochs between two steps of the root.
        balance_scale: Sum of the balanced weights, in numbers of images of the data set.
        manual_only: Draw from M alone.
        fixed_scale: Sum of M against that of the first priorities. Negative: M is not added, it scales the priorities
            of each class instead.
        max_priority: Priority at the start, and the upper bound: 1 for scores, published 6.9 for cross-entropy.
        alpha: Exponent, at least 0, see the samplers.
        momentum: Share of the last change of a priority in its next one.
        max_epochs: Epochs of the training; needed when ``balance`` is None or ``root_decay`` is ``'autoexp'``.
        seed: Seed of the order, the same on each process; None draws one.
        num_samples: Indices per epoch of all processes together; None for as many as there are images.

    Raises:
        UserError: An option outside its range, or options that do not go together.
    """

    def __init__(
        self,
        dataset: Dataset,
        balance: float | None = 1.0,
        cycle: int = 0,
        root: float | None = None,
        root_decay: str | None = None,
        decay_gap: int = 30,
        balance_scale: float = 1.0,
        manual_only: bool = False,
        fixed_scale: float = 1.0,
        max_priority: float = 1.0,
        alpha: float = 1.0,
        momentum: float = 0.0,
        max_epochs: int | None = None,
        seed: int | None = None,
        num_samples: int | None = None,
    ) -> None:
        super().__init__(dataset, seed, num_samples)
        name = type(self).__name__
        if balance is not None and not 0 <= balance <= 1:
            raise UserError(f'balance of {name} must lie in 0..1 or be None, got {balance}')
        if root is not None and root <= 1:
            raise UserError(f'root of {name} must be above 1 or None, got {root}')
        if root_decay not in (None, *ROOT_DECAYS):
            raise UserError(f'root_decay of {name} must be one of {", ".join(ROOT_DECAYS)} or None, got {root_decay!r}')
        if root_decay == 'autoexp' and root is None:
            raise UserError(f"root_decay='autoexp' of {name} needs root, the order in the last epoch")
        if decay_gap < 1:
            raise UserError(f'decay_gap of {name} must be at least 1, got {decay_gap}')
        if not 0 <= momentum <= 1:
            raise UserError(f'momentum of {name} must lie in 0..1, got {momentum}')
        if max_priority <= 0 or balance_scale <= 0:
            raise UserError(f'max_priority and balance_scale of {name} must be above 0')
        if alpha < 0:
            raise UserError(f'alpha of {name} must not be negative, got {alpha}')
        is_scheduled = balance is None and root_decay is None
        if max_epochs is None and (is_scheduled or root_decay == 'autoexp'):
            raise UserError(f'{name} changes over the epochs: set max_epochs to those of the training')
        self.balance = balance
        self.balances = balance_schedule(max_epochs or 0, cycle) if is_scheduled else None
        self.root = root
        self.root_decay = root_decay
        self.decay_gap = decay_gap
        self.balance_scale = balance_scale
        self.manual_only = manual_only or root_decay is not None
        self.fixed_scale = fixed_scale
        self.max_priority = max_priority
        self.alpha = alpha
        self.momentum = momentum
        self.max_epochs = max_epochs
        self.priorities = np.full(len(self.labels), float(max_priority))
        self.velocities = np.zeros(len(self.labels))
        self._epoch_priorities = self.priorities.copy()

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the priorities of this moment hold until the next one."""
        if epoch != self.epoch:
            self._epoch_priorities = self.priorities.copy()
        super().set_epoch(epoch)

    def update(self, indices: Sequence[int], priorities: Sequence[float]) -> None:
        """Move the priorities of images, from the next epoch on.

        Args:
            indices: Positions in the data set, each once, shape (N,); of all processes, so that they stay alike.
            priorities: New priorities, clipped to 0..``max_priority``, shape (N,); NaN leaves one as it is.
        """
        wanted = np.asarray(priorities, dtype=np.float64)
        is_known = ~np.isnan(wanted)
        places = np.asarray(indices, dtype=np.int64)[is_known]
        wanted = np.clip(wanted[is_known], 0, self.max_priority)
        change = self.momentum * self.velocities[places] + (1 - self.momentum) * (wanted - self.priorities[places])
        self.velocities[places] = change
        self.priorities[places] += change

    def state_dict(self) -> dict:
        """Everything that the order depends on beside seed and epoch."""
        return dict(
            epoch=self.epoch,
            priorities=self.priorities.copy(),
            velocities=self.velocities.copy(),
            epoch_priorities=self._epoch_priorities.copy(),
        )

    def load_state_dict(self, state: dict) -> None:
        """Take over a state, also in the middle of an epoch."""
        self.epoch = state['epoch']
        self.priorities = state['priorities'].copy()
        self.velocities = state['velocities'].copy()
        self._epoch_priorities = state['epoch_priorities'].copy()

    def manual_weights(self) -> np.ndarray:
        """Designed weight of each class that has an image, in this epoch."""
        balance, root = 1.0 if self.balance is None else self.balance, self.root
        if self.balances is not None:
            balance = self.balances[min(self.epoch, len(self.balances) - 1)]
        if self.root_decay is not None:
            balance = 1.0
            root = root_at(self.epoch, self.root_decay, self.decay_gap, root, self.max_epochs or 0)
        return mixed_class_weights(self.class_counts, balance, root, self.balance_scale)

    @abstractmethod
    def weights(self) -> np.ndarray:
        """What is drawn from in this epoch, up to a factor."""

    @abstractmethod
    def stream(self, rng: random.Random) -> Iterator[int]:
        """Endless indices of this epoch."""

    def draw(self) -> np.ndarray:
        """Indices of all processes in this epoch."""
        rng = random.Random(int(self.generator().integers(2**63)))
        return np.fromiter(islice(self.stream(rng), self.num_samples), np.int64, self.num_samples)
