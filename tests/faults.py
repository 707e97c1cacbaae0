"""What makes numbers of a training that are not finite."""

import math
from collections.abc import Callable

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

Fault = Callable[[nn.Module], None]


class FaultAt(Hook):
    """Does something to the model at the start of some iterations.

    Args:
        fault: Gets the model.
        *iterations: Numbers from 0.
    """

    priority = 'VERY_LOW'

    def __init__(self, fault: Fault, *iterations: int) -> None:
        self.fault = fault
        self.iterations = iterations

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        if runner.iter in self.iterations:
            self.fault(getattr(runner.model, 'module', runner.model))


@torch.no_grad()
def spoil_weight(model: nn.Module) -> None:
    """NaN in one number of a convolution in the middle of the network."""
    model.backbone.layer2[0].conv1.weight[0, 0, 0, 0] = math.nan


@torch.no_grad()
def spoil_momentum_encoder(model: nn.Module) -> None:
    """NaN in one number of the momentum encoder alone."""
    model.momentum_encoder.backbone.layer2[0].conv1.weight[0, 0, 0, 0] = math.nan


def spoil_statistics(model: nn.Module) -> None:
    """Infinity in a running variance, which training does not read."""
    model.backbone.bn1.running_var[0] = math.inf


def spoil_queue(model: nn.Module) -> None:
    """NaN in a row of the queue."""
    model.head.queue.embeddings[-1, 0] = math.nan


def spoil_gradient(model: nn.Module) -> None:
    """NaN in the gradient of one layer, once; the loss is sound."""
    weight = model.backbone.layer2[0].conv1.weight
    handle = weight.register_hook(lambda gradient: (handle.remove(), gradient * math.nan)[1])


def spoil_loss(model: nn.Module) -> None:
    """Infinity added to the first loss, once; it has no gradient."""
    compute = model.loss

    def loss(*args: object, **kwargs: object) -> dict:
        model.loss = compute
        losses = compute(*args, **kwargs)
        name = next(iter(losses))
        return {**losses, name: losses[name] + math.inf}

    model.loss = loss


def spoil_images(model: nn.Module) -> None:
    """NaN in all images of one batch."""
    preprocess = model.data_preprocessor.forward

    def forward(*args: object, **kwargs: object) -> dict:
        model.data_preprocessor.forward = preprocess
        data = preprocess(*args, **kwargs)
        views = data['inputs'] if isinstance(data['inputs'], list) else [data['inputs']]
        for view in views:
            view.fill_(math.nan)
        return data

    model.data_preprocessor.forward = forward
