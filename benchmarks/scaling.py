"""Time and extra memory of every contrastive loss with a queue over classes, queue and batch: do they grow linearly?

Of each loss one forward and backward pass is measured; ``--full`` visits every size, else each axis is walked from the
middle. A slope is the exponent of a power law between the ends of an axis: 1 is linear. Memory is given in copies of
the loss's matrix of logits, of all anchors and all candidates. ``--picture FILE`` draws both.
"""

import argparse
import functools
import itertools
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from common import Figure, devices, extra_peak_memory, run, time_interleaved
from torch import Tensor

from ltcl.functional import k_positive_contrastive_loss, paco_loss, rebalanced_contrastive_loss, supcon_loss

FEAT_DIM = 128
MOST_SLOPE = 1.15
MOST_COPIES = 2.0
NUM_HARD = dict(num_positives=1, num_negatives=40)


class Size(NamedTuple):
    """Sizes of a loss.

    Args:
        classes: Number of classes C.
        queue: Rows of the queue K; a class-wise queue has as many slots of each class as fit in.
        batch: Anchors B.
    """

    classes: int
    queue: int
    batch: int


AXES = Size((100, 1000, 8142), (8192, 65536), (64, 256, 1024))
MIDDLE = Size(1000, 8192, 256)


class Loss(NamedTuple):
    """One forward and backward pass, and how many logits it compares each anchor with.

    Args:
        step: Computes loss and gradients of drawn inputs.
        candidates: Columns of the matrix of logits.
    """

    step: Callable[[dict[str, Tensor]], object]
    candidates: Callable[[Size], int]


def slots(size: Size) -> int:
    """Slots of each class in a class-wise queue."""
    return max(1, size.queue // size.classes)


def draw(size: Size, device: str = 'cpu') -> dict[str, Tensor]:
    """Random tensors that all losses choose from, float32; anchors and logits take gradients."""
    torch.manual_seed(0)
    rows = F.normalize(torch.randn(slots(size) * size.classes, FEAT_DIM), dim=1)
    drawn = dict(
        anchors=F.normalize(torch.randn(size.batch, FEAT_DIM), dim=1),
        keys=F.normalize(torch.randn(size.batch, FEAT_DIM), dim=1),
        labels=torch.randint(size.classes, (size.batch,)),
        logits=torch.randn(size.batch, size.classes),
        rows=F.normalize(torch.randn(size.queue, FEAT_DIM), dim=1),
        row_labels=torch.randint(size.classes, (size.queue,)),
        queue=rows.view(slots(size), size.classes, FEAT_DIM),  # slot by slot, as the heads' queue gives it
        targets=F.normalize(torch.randn(size.classes, FEAT_DIM), dim=1),
        class_counts=torch.arange(size.classes, 0, -1),
        draws=torch.rand(6, size.batch),
    )
    drawn = {name: tensor.to(device) for name, tensor in drawn.items()}
    drawn['queue'] = drawn['queue'].transpose(0, 1)
    for name in ('anchors', 'logits'):
        drawn[name].requires_grad_()
    return drawn


def _four(drawn: dict[str, Tensor]) -> list[Tensor]:
    return [drawn[name] for name in ('anchors', 'labels', 'rows', 'row_labels')]


def paco(drawn: dict[str, Tensor]) -> object:
    """PaCo and GPaCo."""
    loss = paco_loss(*_four(drawn), logits=drawn['logits'], class_counts=drawn['class_counts'])
    return torch.autograd.grad(loss, (drawn['anchors'], drawn['logits']))


def supcon(drawn: dict[str, Tensor]) -> object:
    """The second task of the multi-task baselines."""
    loss = supcon_loss(*_four(drawn), num_classes=len(drawn['class_counts']))
    return torch.autograd.grad(loss, drawn['anchors'])


def kcl(drawn: dict[str, Tensor], class_targets: Tensor | None = None) -> object:
    """KCL, and with targets TSC."""
    options = dict(keys=drawn['keys'], num_classes=len(drawn['class_counts']), draws=drawn['draws'])
    loss = k_positive_contrastive_loss(*_four(drawn), **options, class_targets=class_targets)
    return torch.autograd.grad(sum(loss), drawn['anchors'])


def tsc(drawn: dict[str, Tensor]) -> object:
    """KCL with the targets of all classes."""
    return kcl(drawn, drawn['targets'])


def resco(drawn: dict[str, Tensor]) -> object:
    """All rows of the class-wise queue."""
    labels, options = drawn['labels'], dict(queue=drawn['queue'], among_anchors=False)
    loss = rebalanced_contrastive_loss(drawn['anchors'], labels, drawn['keys'], labels, **options)
    return torch.autograd.grad(loss, drawn['anchors'])


def rescom(drawn: dict[str, Tensor]) -> object:
    """The hardest rows of the class-wise queue."""
    anchors, labels = drawn['anchors'], drawn['labels']
    nothing = anchors.detach()[:0], labels[:0]
    loss = rebalanced_contrastive_loss(anchors, labels, *nothing, queue=drawn['queue'], num_hard=NUM_HARD)
    return torch.autograd.grad(loss, anchors)


def of_classwise_queue(size: Size) -> int:
    """Candidates of a loss with a class-wise queue."""
    return size.batch + slots(size) * size.classes


LOSSES = {
    'PaCo': Loss(paco, lambda size: size.batch + size.queue + size.classes),
    'multi-task': Loss(supcon, lambda size: size.batch + size.queue),
    'KCL': Loss(kcl, lambda size: 1 + size.queue),
    'TSC': Loss(tsc, lambda size: 1 + size.queue + size.classes),
    'ResCo': Loss(resco, of_classwise_queue),
    'ResCom': Loss(rescom, of_classwise_queue),
}


def sizes_of(is_full: bool) -> list[Size]:
    """All sizes, or those of the three axes through the middle."""
    if is_full:
        return [Size(*each) for each in itertools.product(*AXES)]
    walks = (MIDDLE._replace(**{axis: value}) for axis, values in AXES._asdict().items() for value in values)
    return list(dict.fromkeys(walks))


def copies(loss: Loss, size: Size, device: str = 'cpu') -> float:
    """Extra peak memory of a pass, in copies of the matrix of logits."""
    num_bytes = extra_peak_memory(functools.partial(loss.step, draw(size, device)), device)
    return num_bytes / (4 * size.batch * loss.candidates(size))


def measure_loss(loss: Loss, sizes: list[Size], device: str, rounds: int) -> dict[Size, tuple[float, float]]:
    """Median seconds and MiB of a pass for each size."""
    measured = {}
    for size in sizes:
        step = functools.partial(loss.step, draw(size, device))
        seconds = statistics.median(time_interleaved({'step': step}, rounds, device)['step'])
        measured[size] = seconds, extra_peak_memory(step, device) / 2**20
    return measured


def slope(measured: dict[Size, tuple[float, float]], axis: str, which: int) -> float:
    """Largest exponent along an axis, from its least to its largest value, the two other sizes held.

    Args:
        measured: Result of :func:`measure_loss`.
        axis: Name of a size.
        which: 0 for time, 1 for memory.
    """
    least, *_, most = getattr(AXES, axis)
    found = [
        math.log(measured[size._replace(**{axis: most})][which] / values[which]) / math.log(most / least)
        for size, values in measured.items()
        if getattr(size, axis) == least and size._replace(**{axis: most}) in measured
    ]
    return max(found)


def figures_of(name: str, measured: dict[Size, tuple[float, float]], device: str) -> list[Figure]:
    """Slopes of a loss, and its memory where it is largest against the matrix of logits."""
    seconds, _ = measured[MIDDLE]
    most = max(mib * 2**20 / (4 * size.batch * LOSSES[name].candidates(size)) for size, (_, mib) in measured.items())
    slopes = [
        Figure.at_most(f'{name}, {device}: slope of {what} over {axis}', slope(measured, axis, which), '', MOST_SLOPE)
        for which, what in enumerate(('time', 'memory'))
        for axis in Size._fields
    ]
    return [
        Figure(f'{name}, {device}, {"/".join(map(str, MIDDLE))}: time', 1e3 * seconds, 'ms'),
        *slopes,
        Figure.at_most(f'{name}, {device}: most extra memory', most, 'copies', MOST_COPIES),
    ]


def draw_picture(path: Path, measured: dict[str, dict[Size, tuple[float, float]]]) -> None:
    """Time and memory of all losses along the three axes, both scales logarithmic; a grey line is linear growth."""
    import matplotlib.pyplot as plt

    plt.rcParams['svg.hashsalt'] = 'ltcl'  # the same figures make the same file
    figure, panels = plt.subplots(2, 3, figsize=(10, 6), sharex='col', sharey='row', layout='constrained')
    for (which, unit), (column, axis) in itertools.product(
        enumerate(('time in ms', 'extra memory in MiB')), enumerate(Size._fields)
    ):
        panel, values = panels[which, column], getattr(AXES, axis)
        for name, of_loss in measured.items():
            factor = (1e3, 1.0)[which]
            points = [factor * of_loss[MIDDLE._replace(**{axis: value})][which] for value in values]
            panel.loglog(values, points, marker='o', markersize=4, label=name)
        low = panel.get_ylim()[0]
        panel.loglog(values, [low * value / values[0] for value in values], color='0.6', linestyle=':', label='linear')
        panel.set_xticks(values, [f'{value:,}' for value in values], minor=False)
        panel.minorticks_off()
        if not column:
            panel.set_ylabel(unit)
        if which:
            panel.set_xlabel({'classes': 'classes C', 'queue': 'rows of the queue K', 'batch': 'anchors B'}[axis])
    panels[0, 0].legend(fontsize='small')
    figure.savefig(path, metadata={'Date': None} if path.suffix == '.svg' else None)


def measure(args: argparse.Namespace) -> list[Figure]:
    """Figures of every device, and the picture of the first."""
    sizes, figures = sizes_of(args.full), []
    for device in devices():
        measured = {name: measure_loss(loss, sizes, device, args.rounds) for name, loss in LOSSES.items()}
        figures += [each for name, of_loss in measured.items() for each in figures_of(name, of_loss, device)]
        if args.picture and device == 'cpu':
            draw_picture(args.picture, measured)
    return figures


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--full', action='store_true', help='every combination of the sizes')
    parser.add_argument('--rounds', type=int, default=3, help='timed passes of each (default: %(default)s)')
    parser.add_argument('--picture', type=Path, metavar='FILE', help='draw time and memory, .svg or .png')


if __name__ == '__main__':
    run('contrastive losses, forward and backward', measure, add_options)
