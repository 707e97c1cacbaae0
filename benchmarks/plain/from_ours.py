"""The plain form of a model of ours: the same sizes, settings and weights."""

from typing import Any

import torch
from torch import Tensor, nn

from .bcl import BCL
from .cross_entropy import CrossEntropy
from .encoders import CifarResNet, imagenet_resnet
from .gpaco import GPaCo
from .kcl import KCL
from .multi_task import MultiTask
from .paco import PaCo
from .resco import ResCo
from .rescom import ResCom
from .tsc import TSC

DERIVED = {'class_counts', 'class_weights', 'own_places', 'other_places'}


def plain_form(method: str, model: Any) -> nn.Module:
    """The published form of a model of ours, on the same device and in the same precision.

    Args:
        method: A key of ``networks.RECIPES``.
        model: Whose weights, queues and targets are copied.
    """
    weight = next(model.parameters())
    plain = PLAIN[method](_encoder(model.backbone), **_sizes(model), **SETTINGS[method](model.head))
    plain.to(weight.device, weight.dtype)
    missing, unexpected = plain.load_state_dict(plain_state(model), strict=False)
    if unexpected or set(missing) - DERIVED:
        raise ValueError(f'{method}: the plain form has no {unexpected}, ours has no {missing}')
    return plain.train()


def plain_state(model: Any) -> dict[str, Tensor]:
    """Weights and queues of a model of ours under the names of its plain form."""
    head = model.head
    momentum_encoder = getattr(model, 'momentum_encoder', {})
    parts = {
        'encoder': model.backbone,
        'projector': getattr(model.projector, 'layers', None),
        'classifier': getattr(head, 'fc', None),
        'prototype_projector': getattr(getattr(head, 'prototype_projector', None), 'layers', None),
    }
    if momentum_encoder:
        parts['key_encoder'] = momentum_encoder['backbone']
        parts['key_projector'] = momentum_encoder['projector'].layers
    state = {
        f'{name}.{key}': value
        for name, module in parts.items()
        if module is not None
        for key, value in module.state_dict().items()
    }
    if parts['prototype_projector'] is not None:
        state['classifier.weight'] = state['classifier.weight'].T
    return state | _queues(head)


def _queues(head: Any) -> dict[str, Tensor]:
    """Queues, targets and centers, in columns where the published ones are."""
    state = {}
    if hasattr(head, 'num_positives'):  # KCL and TSC
        state = dict(queue=head.queue.embeddings.T, queue_labels=head.queue.labels, pointer=head.queue.pointer)
    elif hasattr(head, 'queue'):
        state = {f'queue.{name}': getattr(head.queue, name) for name in ('labels', 'pointer')}
        state['queue.rows'] = head.queue.embeddings
    if hasattr(head, 'targets'):
        state |= dict(targets=head.targets, centers=head.class_centers)
    for name in ('positive_queue', 'negative_queue', 'class_queue'):
        if hasattr(head, name):
            queue = getattr(head, name)
            state |= {f'{name}.columns': queue.embeddings.flatten(0, 1).T, f'{name}.pointer': queue.pointer}
    return state


def _encoder(backbone: Any) -> nn.Module:
    """The published encoder of the same size."""
    if hasattr(backbone, 'depth'):
        return imagenet_resnet(backbone.depth)
    stages = [getattr(backbone, f'layer{stage + 1}') for stage in range(backbone.num_stages)]
    return CifarResNet([len(stage) for stage in stages], backbone.conv1.in_channels, backbone.conv1.out_channels)


def _sizes(model: Any) -> dict[str, Any]:
    """Widths and the number of training images of each class, or of classes."""
    head, sizes = model.head, {}
    layers = None if model.projector is None else model.projector.layers
    sizes['width'] = head.fc.in_features if layers is None else layers[0].in_features
    if layers is not None:
        sizes['feat_dim'] = layers[-1].out_features
    if hasattr(head, 'class_counts'):
        sizes['class_counts'] = head.class_counts.to(torch.get_default_dtype())
    return sizes


def _loss_args(head: Any) -> dict[str, Any]:
    return {name: value for name, value in head.loss_args.items() if name != 'base_temperature'}


def _k_positive(head: Any) -> dict[str, Any]:
    return dict(queue_len=head.queue.queue_len, num_positives=head.num_positives, temperature=head.temperature)


def _targets(head: Any) -> dict[str, Any]:
    repeat, weight = (head.target_args[name] for name in ('target_repeat', 'target_weight'))
    targets = dict(targets=head.targets.clone(), target_repeat=repeat, target_weight=weight)
    return _k_positive(head) | targets | dict(center_momentum=head.center_momentum)


def _rebalanced(head: Any) -> dict[str, Any]:
    return {name: getattr(head, name) for name in ('effective_number_beta', 'temperature', 'con_weight')}


def _hardest(head: Any) -> dict[str, Any]:
    numbers = {f'num_hard_{name.removeprefix("num_")}': number for name, number in head.num_hard.items()}
    return _rebalanced(head) | numbers | dict(queue_per_class=head.class_queue.slots_per_class)


PLAIN = {
    'paco': PaCo,
    'gpaco': GPaCo,
    'bcl': BCL,
    'kcl': KCL,
    'tsc': TSC,
    'resco': ResCo,
    'rescom': ResCom,
    'multi-task': MultiTask,
    'cross-entropy': CrossEntropy,
}
SETTINGS = {
    'paco': lambda head: _loss_args(head) | dict(queue_len=head.queue.queue_len),
    'gpaco': lambda head: _loss_args(head) | dict(queue_len=head.queue.queue_len),
    'bcl': lambda head: dict(
        hidden=head.prototype_projector.layers[0].out_features,
        scale=head.fc.scale,
        alpha=head.alpha,
        beta=head.beta,
        temperature=head.temperature,
    ),
    'kcl': _k_positive,
    'tsc': _targets,
    'resco': lambda head: (
        _rebalanced(head)
        | dict(
            positives_per_class=head.positive_queue.slots_per_class,
            negatives_per_class=head.negative_queue.slots_per_class,
        )
    ),
    'rescom': _hardest,
    'multi-task': lambda head: dict(
        alpha=head.alpha, temperature=head.loss_args['temperature'], queue_len=head.queue.queue_len
    ),
    'cross-entropy': lambda head: dict(num_classes=head.num_classes),
}
