"""Speed and memory of `paco_loss` against the plain masked form, forward and backward."""

import functools
import sys

import torch
import torch.nn.functional as F
from common import ROOT, Figure, compare, on_all_devices, run
from torch import Tensor

from ltcl.functional import paco_loss

sys.path.insert(0, str(ROOT / 'tests'))
from oracles.paco import masked_paco_loss

LOSSES = {'paco_loss': paco_loss, 'masked form': masked_paco_loss}


def draw_inputs(num_anchors: int, num_rows: int, num_classes: int, feat_dim: int, device: str) -> dict[str, Tensor]:
    """Random arguments of the loss in float32; anchors and logits take gradients, the queue's rows do not."""
    torch.manual_seed(0)
    inputs = dict(
        anchors=F.normalize(torch.randn(num_anchors, feat_dim), dim=1),
        labels=torch.randint(num_classes, (num_anchors,)),
        logits=torch.randn(num_anchors, num_classes),
        rows=F.normalize(torch.randn(num_rows, feat_dim), dim=1),
        row_labels=torch.randint(num_classes, (num_rows,)),
        class_counts=torch.arange(num_classes, 0, -1),
    )
    inputs = {name: tensor.to(device) for name, tensor in inputs.items()}
    for name in ('anchors', 'logits'):
        inputs[name].requires_grad_()
    return inputs


def gradients(loss_name: str, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """One forward and backward pass; the gradients of anchors and logits."""
    return torch.autograd.grad(LOSSES[loss_name](**inputs), (inputs['anchors'], inputs['logits']))


def measure_device(
    device: str,
    num_anchors: int = 256,
    num_rows: int = 8192,
    num_classes: int = 1000,
    feat_dim: int = 128,
    rounds: int = 31,
) -> list[Figure]:
    """Time and extra peak memory of both losses, and their ratios.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_anchors: Rows of anchors.
        num_rows: Further rows, the queue.
        num_classes: Number of classes.
        feat_dim: Width of an embedding.
        rounds: Timed rounds of both.
    """
    inputs = draw_inputs(num_anchors, num_rows, num_classes, feat_dim, device)
    steps = {name: functools.partial(gradients, name, inputs) for name in LOSSES}
    return compare(steps, device, rounds, speed_goal=3.0, memory_goal=0.15)


def measure() -> list[Figure]:
    """Figures of every device."""
    return on_all_devices(measure_device)


if __name__ == '__main__':
    run('paco_loss, forward and backward', measure)
