"""Speed and memory of `proco_loss` against the plain form with SciPy's Bessel functions, forward and backward."""

import functools
import sys

import torch
from common import ROOT, Figure, compare, on_all_devices, run
from torch import Tensor

from ltcl.functional import proco_loss

sys.path.insert(0, str(ROOT / 'tests'))
from oracles.proco import draw_case, plain_proco_loss

FAST, PLAIN = 'proco_loss', 'form with SciPy'
LOSSES = {FAST: proco_loss, PLAIN: plain_proco_loss}


def draw_inputs(device: str, **sizes: int) -> dict[str, Tensor]:
    """Random arguments of the loss in float32; the anchors take a gradient."""
    inputs = {name: tensor.to(device) for name, tensor in draw_case(**sizes, dtype=torch.float32).items()}
    inputs['anchors'].requires_grad_()
    return inputs


def gradients(loss_name: str, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """One forward and backward pass; the gradient of the anchors."""
    return torch.autograd.grad(LOSSES[loss_name](**inputs), inputs['anchors'])


def measure_device(
    device: str, num_samples: int = 128, num_classes: int = 1000, feat_dim: int = 128, rounds: int = 11
) -> list[Figure]:
    """Time and extra peak memory of both forms, and their ratios.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_samples: Anchors.
        num_classes: Number of classes; 1000 as in ImageNet-LT.
        feat_dim: Width of an embedding.
        rounds: Timed rounds of both.
    """
    inputs = draw_inputs(device, num_samples=num_samples, num_classes=num_classes, feat_dim=feat_dim)
    steps = {name: functools.partial(gradients, name, inputs) for name in LOSSES}
    return compare(steps, device, rounds, speed_goal=2.0, memory_goal=0.5)


def measure() -> list[Figure]:
    """Figures of every device."""
    return on_all_devices(measure_device)


if __name__ == '__main__':
    run('proco_loss, forward and backward', measure)
