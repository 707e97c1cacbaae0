"""What the head of each method takes from the training images per class."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .centre_share import expected_positives, fitting_alpha, largest_share
from .queues import class_queue_len, kcl_queue_len, num_hard_negatives, num_positives, paco_queue_len


class Choice(NamedTuple):
    """A value that a rule chose.

    Args:
        value: The value.
        reason: What it comes from, in a few words.
    """

    value: float
    reason: str


class Case(NamedTuple):
    """What the rules of heads look at.

    Args:
        counts: Training images per class.
        batch: Images of a step on one process.
        processes: Number of processes.
        views: Encoded views of an image, keys included.
        kept: Arguments of the head that are not to be chosen, with their values.
    """

    counts: Sequence[int]
    batch: int
    processes: int
    views: int
    kept: Mapping[str, Any]

    def queue_len(self, rule: Callable[[Sequence[int], int], int]) -> Choice:
        """Length of the queue by a rule, or the one that is kept."""
        queue_len = self.kept.get('queue_len', rule(self.counts, self.batch * self.processes))
        share = f'{queue_len / sum(self.counts):.2f} of an epoch'
        return Choice(queue_len, share if queue_len else 'the rows of a step are as many as the smallest class needs')


def paco(case: Case) -> dict[str, Choice]:
    """Queue, and the alpha by which the largest class's centre gets its share."""
    queue_len = case.queue_len(paco_queue_len)
    rows = int(queue_len.value) + case.views * case.batch
    largest = max(case.counts)
    positives = expected_positives(rows, largest, sum(case.counts))
    alpha = case.kept.get('alpha', fitting_alpha(positives))
    share = largest_share(case.counts, rows, alpha)
    reason = f'share {share:.2f} for the centre of the largest class, of {largest:,} images'
    return dict(queue_len=queue_len, alpha=Choice(alpha, reason))


def multi_task(case: Case) -> dict[str, Choice]:
    """Queue; the contrast has a weight of its own, whatever the number of positives."""
    return dict(queue_len=case.queue_len(paco_queue_len))


def kcl(case: Case) -> dict[str, Choice]:
    """Queue and positives of KCL and TSC."""
    queue_len = case.queue_len(kcl_queue_len)
    return dict(queue_len=queue_len, num_positives=_positives(case, int(queue_len.value)))


def in_batch_kcl(case: Case) -> dict[str, Choice]:
    """Positives of KCL and TSC without a queue, which compare the views of all processes."""
    return dict(num_positives=_positives(case, case.views * case.batch * case.processes))


def resco(case: Case) -> dict[str, Choice]:
    """Rows of each class in the queue of positives."""
    rows = min(4, class_queue_len(case.counts))
    return dict(positives_per_class=Choice(rows, 'at most two epochs of the smallest class'))


def rescom(case: Case) -> dict[str, Choice]:
    """Rows of each class in the queue, and the hardest of other classes."""
    rows = case.kept.get('queue_per_class', class_queue_len(case.counts))
    hardest = num_hard_negatives(len(case.counts), rows)
    return dict(
        queue_per_class=Choice(rows, 'at most two epochs of the smallest class'),
        num_hard_negatives=Choice(hardest, f'of {rows * (len(case.counts) - 1):,} rows of other classes'),
    )


def _positives(case: Case, rows: int) -> Choice:
    return Choice(num_positives(case.counts, rows), f'three of four classes have as many among {rows:,} rows')


# Methods that are not named here, such as BCL, ProCo and cross entropy, have nothing that depends on the counts.
HEADS: dict[str, Callable[[Case], dict[str, Choice]]] = {
    'ltcl.PaCoHead': paco,
    'ltcl.MultiTaskHead': multi_task,
    'ltcl.KCLHead': kcl,
    'ltcl.TSCHead': kcl,
    'ltcl.InBatchKCLHead': in_batch_kcl,
    'ltcl.InBatchTSCHead': in_batch_kcl,
    'ltcl.ResCoHead': resco,
    'ltcl.ResComHead': rescom,
}
