"""Speed and memory of `balanced_contrastive_loss` against the plain masked form, forward and backward."""

import functools
import sys

import torch
from common import ROOT, Figure, compare, on_all_devices, run
from torch import Tensor

from ltcl.functional import balanced_contrastive_loss

sys.path.insert(0, str(ROOT / 'tests'))
from oracles.bcl import draw_case, masked_balanced_loss, of_one_batch

FAST, MASKED = 'balanced_contrastive_loss', 'masked form'
LOSSES = {FAST: of_one_batch(balanced_contrastive_loss), MASKED: masked_balanced_loss}


def draw_inputs(device: str, **sizes: int) -> dict[str, Tensor]:
    """Random arguments of the loss in float32; embeddings and prototypes take gradients."""
    inputs = {name: tensor.to(device) for name, tensor in draw_case(**sizes, dtype=torch.float32).items()}
    for name in ('embeddings', 'prototypes'):
        inputs[name].requires_grad_()
    return inputs


def gradients(loss_name: str, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """One forward and backward pass; the gradients of embeddings and prototypes."""
    return torch.autograd.grad(LOSSES[loss_name](**inputs), (inputs['embeddings'], inputs['prototypes']))


def measure_device(
    device: str, num_samples: int = 128, num_classes: int = 8142, feat_dim: int = 128, rounds: int = 31
) -> list[Figure]:
    """Time and extra peak memory of both losses, and their ratios.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_samples: Images of a batch, with two views each.
        num_classes: Number of classes; 8142 as in iNaturalist 2018.
        feat_dim: Width of an embedding.
        rounds: Timed rounds of both.
    """
    inputs = draw_inputs(device, num_samples=num_samples, num_classes=num_classes, feat_dim=feat_dim)
    steps = {name: functools.partial(gradients, name, inputs) for name in LOSSES}
    return compare(steps, device, rounds, speed_goal=3.0)


def measure() -> list[Figure]:
    """Figures of every device."""
    return on_all_devices(measure_device)


if __name__ == '__main__':
    run('balanced_contrastive_loss, forward and backward', measure)
