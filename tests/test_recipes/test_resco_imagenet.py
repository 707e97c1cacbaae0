"""The recipes of ResCo and ResCom for ImageNet-LT, iNaturalist 2018 and Places-LT."""

import math

import numpy as np
import pytest
from cifar_recipes import CONFIGS, blocks_of, build_model, learning_rates
from mmengine.config import Config
from recorded import recorded

RESCO = 'resco_resnet50_8xb32-400e_imagenet-lt'
RESCOM = 'rescom_resnet50_8xb32-400e_imagenet-lt'
NUM_CLASSES = {
    RESCOM: 1000,
    'rescom_resnext50-32x4d_8xb32-400e_imagenet-lt': 1000,
    'rescom_resnet50_8xb32-400e_inat2018': 8142,
    'rescom_resnet152_8xb32-30e_places-lt': 365,
}
DEFAULTS = 'rescom_resnet50_1xb32-400e_imagenet-lt-defaults'
ALL = [RESCO, f'{RESCO}-defaults', *NUM_CLASSES, DEFAULTS]


def load(name: str) -> Config:
    return Config.fromfile(CONFIGS / 'resco' / f'{name}.py')


@pytest.mark.parametrize('name', ALL)
def test_data_and_optimisation(name):
    cfg = load(name)
    assert blocks_of(cfg) == ['resco', 'resco']
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (32, True)
    lr = {f'{RESCO}-defaults': 0.02, DEFAULTS: 0.02, 'rescom_resnet152_8xb32-30e_places-lt': 0.04}.get(name, 0.06)
    weight_decay = 1e-4 if 'inat' in name else 5e-4
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=weight_decay))


@pytest.mark.parametrize(('name', 'curve'), [(RESCO, 'cosine0'), (RESCOM, 'cosine0'), (f'{RESCO}-defaults', 'cosine1')])
def test_rates_are_the_recorded_ones(name, curve):
    case = recorded('resco', 'lr_schedule__a')
    np.testing.assert_allclose(learning_rates(load(name)), case[f'{curve}_lr'], rtol=1e-9)


def test_rates_of_places():
    """The same curve over 30 epochs with 5 of warm-up."""
    rates = learning_rates(load('rescom_resnet152_8xb32-30e_places-lt'))
    warmup = [0.04 * epoch / 5 for epoch in range(1, 5)]
    last = 0.04 * 1e-5
    cosine = [last + (0.04 - last) * (1 + math.cos(math.pi * (epoch - 5) / 25)) / 2 for epoch in range(5, 31)]
    np.testing.assert_allclose(rates, warmup + cosine, rtol=1e-9)


@pytest.mark.parametrize(
    ('name', 'temperature', 'con_weight', 'queues'),
    [(RESCO, 0.2, 0.5, (4, 1)), (f'{RESCO}-defaults', 0.1, 1.0, (8, 4))],
)
def test_resco(name, temperature, con_weight, queues):
    model = build_model(load(name))
    head = model.head
    assert (head.temperature, head.con_weight, head.effective_number_beta) == (temperature, con_weight, 0.99)
    assert (head.positive_queue.slots_per_class, head.negative_queue.slots_per_class) == queues
    assert head.positive_queue.embeddings.shape == (1000, queues[0], 128)
    assert not model.joint_forward
    check_network(model, num_classes=1000)


@pytest.mark.parametrize('name', NUM_CLASSES)
def test_rescom(name):
    model = build_model(load(name))
    head, num_classes = model.head, NUM_CLASSES[name]
    assert (head.temperature, head.con_weight, head.effective_number_beta) == (0.2, 0.5, 0.99)
    assert head.class_queue.embeddings.shape == (num_classes, 4, 128)
    assert head.num_hard == dict(num_positives=1, num_negatives=num_classes - 1)
    assert model.joint_forward
    check_network(model, num_classes)


def test_rescom_defaults():
    head = build_model(load(DEFAULTS)).head
    assert (head.temperature, head.con_weight, head.effective_number_beta) == (0.1, 1.0, 0)
    assert head.class_queue.slots_per_class == 1
    assert head.num_hard == dict(num_positives=1, num_negatives=1)


def test_places_trains_only_the_last_block_the_norms_and_what_is_new():
    model = build_model(load('rescom_resnet152_8xb32-30e_places-lt'))
    assert len(model.backbone.layer3) == 36
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    convolutions = [name for name in trained if name.startswith('backbone') and model.get_parameter(name).ndim == 4]
    assert convolutions == [f'backbone.layer4.2.conv{i}.weight' for i in (1, 2, 3)]
    assert {'backbone.bn1.weight', 'projector.layers.0.weight', 'head.fc.weight'} <= set(trained)


def check_network(model, num_classes: int) -> None:
    """The published layout: an MLP 2048-2048-128 with a norm, and a linear classifier with bias."""
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    assert model.projector.layers[-1].weight.shape == (128, 2048)
    assert model.head.fc.weight.shape == (num_classes, 2048)
    assert model.head.fc.bias.shape == (num_classes,)
