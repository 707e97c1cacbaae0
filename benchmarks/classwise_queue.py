"""Speed and memory of the class-wise queue: mining with its gradient and the update, against a loop over samples.

The plain form is a loop over samples that selects the own-class and the other-class entries of the queue by index,
multiplies and takes the top-k, and a loop over keys that writes them; its tables of indices are made beforehand. The
goal is set against the published layout, one column an entry. A loop over rows, the library's layout, selects three to
four times faster, so its figures stand beside.
"""

import functools

import torch
import torch.nn.functional as F
from common import Figure, extra_peak_memory, on_all_devices, run, speed_figures, time_interleaved
from torch import Tensor

from ltcl.functional import mine_hard
from ltcl.models import ClasswiseQueue, ResComHead
from ltcl.models.heads import Views

FAST, PLAIN = 'mining and update', 'loop'
GOALS = {'columns': 100, 'rows': None}


class Loop:
    """The plain form.

    Args:
        queue: The queue whose contents it starts with.
        num_hard: Hard positives and hard negatives of each anchor.
        layout: ``'columns'``, as published, or ``'rows'``.
    """

    def __init__(self, queue: ClasswiseQueue, num_hard: tuple[int, int], layout: str) -> None:
        num_classes, self.slots = queue.embeddings.shape[:2]
        self.entries = queue.embeddings.flatten(0, 1).clone()
        self.dim = 0
        if layout == 'columns':
            self.entries, self.dim = self.entries.T.contiguous(), 1
        self.pointer = queue.pointer.tolist()
        positions = torch.arange(num_classes * self.slots, device=self.entries.device)
        classes = positions // self.slots
        self.own = [positions[classes == label] for label in range(num_classes)]
        self.others = [positions[classes != label] for label in range(num_classes)]
        self.num_hard = num_hard

    def similarities(self, anchor: Tensor, positions: Tensor) -> Tensor:
        """Similarities of an anchor (D,) to the entries at some positions."""
        return anchor @ self.entries[:, positions] if self.dim else self.entries[positions] @ anchor

    def __call__(self, anchors: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Hard positives, hard negatives and the gradient of their sum; then the anchors are enqueued."""
        num_positives, num_negatives = self.num_hard
        classes = labels.tolist()
        positives, negatives = [], []
        for anchor, label in zip(anchors, classes, strict=True):
            positives.append(self.similarities(anchor, self.own[label]).topk(num_positives, largest=False).values)
            negatives.append(self.similarities(anchor, self.others[label]).topk(num_negatives).values)
        hard = torch.stack(positives), torch.stack(negatives)
        for key, label in zip(anchors.detach(), classes, strict=True):
            self.entries.select(self.dim, label * self.slots + self.pointer[label]).copy_(key)
            self.pointer[label] = (self.pointer[label] + 1) % self.slots
        return *hard, *torch.autograd.grad(hard[0].sum() + hard[1].sum(), anchors)


class Vectorised:
    """The same with the library's queue and mining."""

    def __init__(self, queue: ClasswiseQueue, num_hard: tuple[int, int]) -> None:
        self.queue = queue
        self.num_hard = dict(zip(('num_positives', 'num_negatives'), num_hard, strict=True))

    def __call__(self, anchors: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Hard positives, hard negatives and the gradient of their sum; then the anchors are enqueued."""
        hard = mine_hard(anchors, labels, self.queue.contents()[0], **self.num_hard)
        self.queue.enqueue(anchors, labels)
        gradient = torch.autograd.grad(hard.positives.sum() + hard.negatives.sum(), anchors)
        return hard.positives, hard.negatives, *gradient


def draw_anchors(num_anchors: int, num_classes: int, feat_dim: int, device: str) -> tuple[Tensor, Tensor]:
    """Random unit anchors that take gradients, and their classes."""
    torch.manual_seed(0)
    anchors = F.normalize(torch.randn(num_anchors, feat_dim), dim=1).to(device).requires_grad_()
    return anchors, torch.randint(num_classes, (num_anchors,), device=device)


def measure_speed(
    device: str,
    num_anchors: int = 256,
    num_classes: int = 1000,
    slots: int = 10,
    feat_dim: int = 128,
    num_hard: tuple[int, int] = (1, 400),
    rounds: int = 5,
) -> list[Figure]:
    """Time of both forms and their ratio, for both layouts of the plain one.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_anchors: Rows that are compared with the queue and enqueued.
        num_classes: Number of classes.
        slots: Slots of each class.
        feat_dim: Width of an embedding.
        num_hard: Hard positives and hard negatives of each anchor.
        rounds: Timed rounds of both.
    """
    inputs = draw_anchors(num_anchors, num_classes, feat_dim, device)
    queue = ClasswiseQueue(num_classes, slots, feat_dim).to(device)
    figures = []
    for layout, goal in GOALS.items():
        forms = {FAST: Vectorised(queue, num_hard), f'{PLAIN} over {layout}': Loop(queue, num_hard, layout)}
        steps = {name: functools.partial(form, *inputs) for name, form in forms.items()}
        seconds = time_interleaved(steps, rounds, device)
        figures += speed_figures(seconds, f'{num_classes} classes of {slots}, {device}', goal)
    return figures


def measure_memory(
    device: str,
    num_images: int = 128,
    num_classes: int = 8142,
    slots: int = 4,
    feat_dim: int = 128,
    num_hard: tuple[int, int] = (1, 400),
) -> Figure:
    """Extra peak memory of one step of ResCom's head, forward and backward.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_images: Images of the batch; two views make twice as many anchors.
        num_classes: Number of classes.
        slots: Slots of each class.
        feat_dim: Width of an embedding.
        num_hard: Hard positives and hard negatives of each anchor.
    """
    anchors, labels = draw_anchors(2 * num_images, num_classes, feat_dim, device)
    head = ResComHead(
        num_classes,
        in_channels=8,  # the classifier is no matter of the queue
        feat_dim=feat_dim,
        queue_per_class=slots,
        num_hard_positives=num_hard[0],
        num_hard_negatives=num_hard[1],
        class_counts=list(range(num_classes, 0, -1)),
    ).to(device)
    feats = torch.randn(2 * num_images, 8, device=device)

    def step() -> None:
        losses = head.loss(Views(feats.chunk(2), anchors.chunk(2), [], labels[:num_images]))
        torch.autograd.grad(losses['loss_cls'] + losses['loss_con'], anchors)

    memory = extra_peak_memory(step, device) / 2**20
    return Figure.at_most(f'ResCom step, {num_classes} classes of {slots}, {device}: extra memory', memory, 'MiB', 512)


def measure() -> list[Figure]:
    """Figures of every device."""
    return on_all_devices(lambda device: [*measure_speed(device), measure_memory(device)])


if __name__ == '__main__':
    run('class-wise queue', measure)
