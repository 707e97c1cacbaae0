"""The recipes of ProCo: the numbers of the authors' scripts."""

import math

import numpy as np
import pytest
from cifar_recipes import CONFIGS, blocks_of, build_model, learning_rates, load
from mmengine.config import Config

HOOK = dict(type='ltcl.ClassMeansHook')
LARGE = {
    'resnet50_8xb32-90e_imagenet-lt': 90,
    'resnet50_8xb32-180e_imagenet-lt': 180,
    'resnext50-32x4d_8xb32-90e_imagenet-lt': 90,
    'resnext50-32x4d_8xb32-180e_imagenet-lt': 180,
    'resnet50_8xb32-90e_inat2018': 90,
}


@pytest.mark.parametrize('num_classes', [10, 100])
@pytest.mark.parametrize('schedule', ['*200e', '*400e'])
def test_cifar(schedule, num_classes):
    cfg = load('proco', schedule, f'cifar{num_classes}-lt-if100')
    model = build_model(cfg)
    head, (first, norm, _, last) = model.head, model.projector.layers
    assert (head.alpha, head.temperature) == (1.0, 0.1)
    assert head.fc.weight.shape == (num_classes, 64)
    assert head.fc.bias is not None  # linear
    assert (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape)) == ((512, 64), 512, (128, 512))
    assert head.used.mean.shape == (num_classes, 128)
    assert cfg.default_hooks.class_means == HOOK
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.3, momentum=0.9, weight_decay=2e-4))
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (256, False)
    contrasted = dict(recipe='bcl_sim', size=32)  # crop, flip, jitter, grey
    assert blocks_of(cfg) == ['regular_cifar', contrasted, contrasted]


def test_rates_on_cifar():
    short, long = (learning_rates(load('proco', schedule)) for schedule in ('*200e', '*400e'))
    expected = {0: 0.06, 3: 0.24, 4: 0.3, 159: 0.3, 160: 0.03, 179: 0.03, 180: 0.003, 199: 0.003}
    np.testing.assert_allclose([short[epoch] for epoch in expected], list(expected.values()))
    expected = {0: 0.03, 9: 0.3, 359: 0.3, 360: 0.03, 379: 0.03, 380: 0.003, 399: 0.003}
    np.testing.assert_allclose([long[epoch] for epoch in expected], list(expected.values()))


@pytest.mark.parametrize(('name', 'num_epochs'), LARGE.items())
def test_large_sets(name, num_epochs):
    cfg = Config.fromfile(CONFIGS / 'proco' / f'proco_{name}.py')
    model = build_model(cfg)
    head, (first, norm, _, last) = model.head, model.projector.layers
    is_inat = 'inat' in name
    num_classes = 8142 if is_inat else 1000
    assert (head.alpha, head.temperature, head.fc.scale) == (1.0, 0.07, 30.0)
    assert head.fc.weight.shape == (num_classes, 2048)
    widths = (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape))
    assert widths == ((2048, 2048), 2048, (1024, 2048))
    assert head.used.mean.shape == (num_classes, 1024)
    assert (cfg.model.backbone.type, model.joint_forward) == ('ResNeXt' if 'resnext' in name else 'ResNet', True)
    assert cfg.default_hooks.class_means == HOOK
    assert blocks_of(cfg) == ['randcls', 'bcl_sim', 'bcl_sim']
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (32, False)
    lr, weight_decay = (0.2, 1e-4) if is_inat else (0.1, 5e-4)
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=weight_decay))
    rates = [lr * 0.5 * (1 + math.cos(math.pi * (e + 1) / (num_epochs + 1))) for e in range(num_epochs)]
    np.testing.assert_allclose(learning_rates(cfg), rates, rtol=1e-9)
