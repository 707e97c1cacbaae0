"""Time of TSC's class centers and of their matching with the targets."""

import statistics

import torch
import torch.nn.functional as F
from common import Figure, devices, run, time_interleaved

from ltcl.engine.hooks import TargetAssignmentHook
from ltcl.models import TSCHead

NUM_MATCHINGS = {1000: 9, 8142: 1}
CENTER_ROUNDS = 51


def build_head(num_classes: int, feat_dim: int, batch_size: int, device: str) -> tuple[TSCHead, list[torch.Tensor]]:
    """A head with random targets and centers, and the embeddings and labels of a batch."""
    torch.manual_seed(0)
    head = TSCHead(num_classes, feat_dim, queue_len=batch_size)
    # How long a matching takes does not hang on the targets' quality; a search for them would take minutes.
    head.targets.copy_(F.normalize(torch.randn(num_classes, feat_dim), dim=1))
    batch = [F.normalize(torch.randn(batch_size, feat_dim), dim=1), torch.randint(num_classes, (batch_size,))]
    return head.to(device), [part.to(device) for part in batch]


def measure_device(device: str, num_classes: int, rounds: int, feat_dim: int = 128, batch_size: int = 256) -> dict:
    """Median milliseconds of one update of the centers and of one matching of nearly random centers, its slowest case.

    Args:
        device: ``'cpu'`` or ``'cuda'``; the matching itself always runs on the CPU.
        num_classes: Number of classes.
        rounds: Timed matchings.
        feat_dim: Width of an embedding.
        batch_size: Images of a step.
    """
    head, batch = build_head(num_classes, feat_dim, batch_size, device)
    # One after the other: a matching evicts from the caches what the centers are made of.
    centers = time_interleaved(dict(centers=lambda: head.move_centers(*batch)), CENTER_ROUNDS, device)
    matching = time_interleaved(dict(matching=head.match_targets), rounds, device, warm_up=0)
    return {name: 1e3 * statistics.median(times) for name, times in (centers | matching).items()}


def measure() -> list[Figure]:
    """Figures of every device, at the hook's default interval and at the published one."""
    interval = TargetAssignmentHook().interval
    figures = []
    for device in devices():
        for num_classes, rounds in NUM_MATCHINGS.items():
            times = measure_device(device, num_classes, rounds)
            label = f'TSC, {num_classes} classes, {device}'
            figures += [Figure(f'{label}: {part}', milliseconds, 'ms') for part, milliseconds in times.items()]
            figures.append(Figure(f'{label}: a step at interval 1', sum(times.values()), 'ms'))
            a_step = times['centers'] + times['matching'] / interval
            name = f'{label}: a step at interval {interval}'
            is_large = num_classes > 1000
            figures.append(Figure(name, a_step, 'ms') if is_large else Figure.at_most(name, a_step, 'ms', 5.0))
    return figures


if __name__ == '__main__':
    run('class centers and target assignment', measure)
