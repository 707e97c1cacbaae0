"""The recipes of KCL and TSC, on CIFAR-100-LT and on Fashion-MNIST-LT."""

import math

import numpy as np
import pytest
from cifar_recipes import CONFIGS, build_model, hook_of, learning_rates, load
from mmengine.config import Config


def load_fashion_mnist(method: str, name: str) -> Config:
    return Config.fromfile(CONFIGS / method.removesuffix('-queue') / f'{method}_resnet20_1xb128-{name}.py')


@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_cifar_recipe(method):
    cfg = load(method)
    model = build_model(cfg)
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (1024, False)
    assert cfg.train_cfg.max_epochs == 1000
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=1e-4))
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'ReLU', 'Linear']
    assert model.projector.layers[-1].out_features == 128
    assert (model.head.num_positives, model.joint_forward, model.online_views) == (6, True, (0, 1))
    assert model.head.loss_args['temperature'] == model.head.loss_args['base_temperature'] == 0.07
    if method == 'tsc':
        assert model.head.target_args == dict(target_repeat=25, all_targets_positive=False)
        assert model.head.targeted
    # PyTorch draws a convolution's weight uniformly in +-1 / sqrt(fan-in).
    model.init_weights()
    largest = model.backbone.conv1.weight.abs().max().item()
    assert 0.95 / math.sqrt(27) < largest <= 1 / math.sqrt(27)
    rates = learning_rates(cfg, epoch_length=11)
    np.testing.assert_allclose([rates[0], rates[-1]], [0.01, 0.0005])
    assert max(rates) == rates[10 * 11]  # the warm-up ends where the cosine goes on


@pytest.mark.parametrize(
    ('method', 'name', 'half'),
    [
        ('tsc', '100e_fashion-mnist-lt-small', 50),
        ('tsc-queue', '100e_fashion-mnist-lt-small', 50),
        ('tsc', '12e_fashion-mnist-lt-full', 6),
    ],
)
def test_tsc_restarts_the_cosine_when_the_targets_start(method, name, half):
    tsc = load_fashion_mnist(method, name)
    hook = hook_of(tsc, 'TargetAssignmentHook')
    assert (hook['interval'], hook.get('begin_epoch')) == (1, None)
    assert tsc.train_cfg.max_epochs == 2 * half
    expected = [0.05 * (1 + math.cos(math.pi * epoch / half)) for epoch in range(half)]
    np.testing.assert_allclose(learning_rates(tsc), 2 * expected)


@pytest.mark.parametrize(
    ('form', 'name', 'target_args'),
    [
        ('', '100e_fashion-mnist-lt-small', dict(target_repeat=3, all_targets_positive=False)),
        ('', '12e_fashion-mnist-lt-full', dict(target_repeat=3, all_targets_positive=False)),
        (
            '-queue',
            '100e_fashion-mnist-lt-small',
            dict(target_repeat=1, target_weight=0.2, separate_targets=True),
        ),
    ],
)
def test_kcl_and_tsc_differ_in_head_and_schedule_only(form, name, target_args):
    cfgs = [load_fashion_mnist(f'{method}{form}', name) for method in ('kcl', 'tsc')]
    kcl, tsc = (cfg.to_dict() for cfg in cfgs)
    different = {key for key in kcl if kcl[key] != tsc[key]}
    assert different == {'model', 'param_scheduler', 'custom_hooks'}
    assert {**kcl['model'], 'head': None} == {**tsc['model'], 'head': None}
    heads = [build_model(cfg).head for cfg in cfgs]
    assert [head.num_positives for head in heads] == [6, 6]
    assert heads[1].target_args == target_args
    if form == '-queue':
        assert [head.queue.queue_len for head in heads] == [512, 512]
    else:
        assert heads[1].match_centers
