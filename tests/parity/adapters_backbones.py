"""Backbone, classifier and logit adjustment that other methods share with PaCo."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Case, adapter, close, tensor
from torch import nn

from ltcl.functional import log_prior, logit_adjusted_loss
from ltcl.models import CifarResNet, Projector
from ltcl.models.heads import CosineLinear


def entries(case: Case, prefix: str) -> Case:
    return {name.removeprefix(prefix): value for name, value in case.items() if name.startswith(prefix)}


def blocks_of(names: list[str]) -> list[int]:
    """Blocks of each stage, read from names such as ``layer2.0.conv1.weight``."""
    blocks = {tuple(name.split('.')[:2]) for name in names if name.startswith('layer')}
    stages = [stage for stage, _ in blocks]
    return [stages.count(stage) for stage in sorted(set(stages))]


@adapter('resco', 'cifar_resnet')
def cifar_resnet(case: Case) -> None:
    arrays = entries(case, 'param.')
    base_channels, in_channels = arrays['conv1.weight'].shape[:2]
    model = CifarResNet(in_channels=in_channels, base_channels=base_channels, num_blocks=case['num_blocks'].tolist())
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    model.double()
    images = tensor(case, 'x').requires_grad_()
    pooled = model(images)[0].mean((2, 3))
    pooled.backward(tensor(case, 'grad_out'))
    close(pooled, case['out_train'])
    close(images.grad, case['grad_x'])
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    for name, expected in entries(case, 'grad.').items():
        close(gradients[name], expected)
    for name, expected in entries(case, 'after.').items():
        close(model.state_dict()[name], expected)
    model.eval()
    close(model(tensor(case, 'x'))[0].mean((2, 3)), case['out_eval'])


@adapter('resco', 'cifar_resnet32_layout')
def cifar_resnet32_layout(case: Case) -> None:
    names = case['keys'].tolist()
    shapes = dict(zip(names, case['shapes'].tolist(), strict=True))
    base_channels, in_channels, *_ = map(int, shapes['conv1.weight'].split(','))
    model = CifarResNet(in_channels=in_channels, base_channels=base_channels, num_blocks=blocks_of(names))
    assert {name: ','.join(map(str, value.shape)) for name, value in model.state_dict().items()} == shapes
    assert sum(parameter.numel() for parameter in model.parameters()) == case['num_params']


def fill_by_formula(value: torch.Tensor, name: str, position: int) -> None:
    """Set an entry of the state to the values the recorded case defines for its position."""
    index = torch.arange(value.numel(), dtype=torch.int64)
    noise = (31 * index * index + 7919 * index + 104729 * (position + 1)) % 10007 / torch.tensor(10007.0).double()
    noise = (noise * 2 - 1).reshape(value.shape)
    if value.ndim == 4:
        noise = noise * (6 / value[0].numel()) ** 0.5
    elif value.ndim == 2:
        noise = noise / value.shape[1] ** 0.5
    elif name.endswith('running_var') or ('bn' in name and name.endswith('weight')):
        noise = 1 + 0.1 * noise
    else:
        noise = 0.1 * noise
    value.copy_(noise)


@adapter('tsc_kcl', 'resnet32_small_forward')
def resnet32_small_forward(case: Case) -> None:
    names = [name.replace('head.', 'projector.layers.') for name in case['entry_names'].tolist()]
    shapes = [tuple(map(int, shape.split('x'))) for shape in case['entry_shapes'].tolist()]
    shape_of = dict(zip(names, shapes, strict=True))
    base_channels, in_channels = shape_of['encoder.conv1.weight'][:2]
    blocks = blocks_of([name.removeprefix('encoder.') for name in names])
    encoder = CifarResNet(in_channels=in_channels, base_channels=base_channels, num_blocks=blocks)
    projector = Projector(encoder.out_channels, int(case['feat_dim']), num_layers=2)
    model = nn.ModuleDict({'encoder': encoder, 'projector': projector}).double()
    state = model.state_dict()
    with torch.no_grad():
        for position, name in enumerate(names):
            assert tuple(state[name].shape) == shape_of[name], name
            fill_by_formula(state[name], name, position)
    assert sum(parameter.numel() for parameter in model.parameters()) == case['num_params']
    index = torch.arange(int(case['batch']) * in_channels * 32 * 32, dtype=torch.int64)
    pixels = (int(case['input_a']) * index * index + 101 * index) % 997 / torch.tensor(997.0).double() * 2 - 1
    images = pixels.reshape(-1, in_channels, 32, 32)

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        feats = encoder(images)[0].mean((2, 3))
        return feats, F.normalize(projector(feats), dim=1)

    for mode in ('eval', 'train'):
        model.train(mode == 'train')
        feats, projection = run()
        close(feats, case[f'{mode}_feature'])
        close(projection, case[f'{mode}_projection'])
    index = torch.arange(projection.numel()).double().reshape(projection.shape)
    (projection * torch.cos(index)).sum().backward()
    close(encoder.conv1.weight.grad, case['grad_conv1_weight'])
    close(projector.layers[0].weight.grad.sum(), case['grad_head0_weight_sum'])
    close(encoder.layer2[0].conv1.weight.grad.norm(), case['grad_layer2_0_conv1_norm'])
    close(encoder.bn1.running_mean, case['bn1_running_mean_after'])
    close(encoder.bn1.running_var, case['bn1_running_var_after'])


@adapter('bcl', 'cosine_classifier')
def cosine_classifier(case: Case) -> None:
    weight = tensor(case, 'weight').T
    num_classes, width = weight.shape
    layer = CosineLinear(width, num_classes, float(case['scale'])).double()
    close(layer.weight.norm(dim=1), case['init_column_norms'], rtol=1e-6)  # the fresh weight is float32
    layer.load_state_dict({'weight': weight})
    feats = tensor(case, 'x').requires_grad_()
    logits = layer(feats)
    logits.backward(tensor(case, 'grad_out'))
    close(logits, case['out'])
    close(feats.grad, case['grad_x'])
    close(layer.weight.grad.T, case['grad_weight'])


@adapter('bcl', 'logit_adjust')
def logit_adjust(case: Case) -> None:
    logits = tensor(case, 'logits').requires_grad_()
    counts, tau = tensor(case, 'cls_num_list'), float(case['tau'])
    weights = tensor(case, 'class_weight') if 'class_weight' in case else None
    loss = logit_adjusted_loss(logits, tensor(case, 'targets'), counts, tau=tau, eps=0.0, class_weights=weights)
    loss.backward()
    close(tau * log_prior(counts, eps=0.0), case['adjustment'])
    close(loss, case['loss'])
    close(logits.grad, case['grad_logits'])
