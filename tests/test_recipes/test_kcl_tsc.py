"""The recipes of KCL and TSC, on CIFAR-LT and on Fashion-MNIST-LT."""

import math

import numpy as np
import pytest
from cifar_recipes import CONFIGS, blocks_of, build_model, hook_of, learning_rates, load
from mmengine.config import Config
from recorded import recorded


def load_fashion_mnist(method: str, name: str) -> Config:
    return Config.fromfile(CONFIGS / method.removesuffix('-queue') / f'{method}_resnet20_1xb128-{name}.py')


@pytest.mark.parametrize('num_classes', [10, 100])
@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_cifar_recipe(method, num_classes):
    cfg = load(method, '1xb1024-1000e', f'cifar{num_classes}-lt-if100')
    model = build_model(cfg)
    assert blocks_of(cfg) == ['sim_cifar_noblur', 'sim_cifar_noblur']
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (1024, False)
    assert cfg.train_cfg.max_epochs == 1000
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=1e-4))
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'ReLU', 'Linear']
    assert model.projector.layers[-1].out_features == 128
    assert (model.head.num_positives, model.joint_forward, model.online_views) == (6, True, (0, 1))
    assert model.head.num_classes == num_classes
    assert model.head.loss_args['temperature'] == model.head.loss_args['base_temperature'] == 0.07
    if method == 'tsc':
        assert model.head.target_args == dict(target_repeat=25, all_targets_positive=False)
        assert model.head.targeted
        # The released script gives target i of CIFAR-10 this class, and target i of CIFAR-100 class i.
        order = [4, 8, 3, 1, 9, 5, 2, 7, 0, 6] if num_classes == 10 else list(range(100))
        assert model.head.assignment[order].tolist() == list(range(num_classes))
    # PyTorch draws a convolution's weight uniformly in +-1 / sqrt(fan-in).
    model.init_weights()
    largest = model.backbone.conv1.weight.abs().max().item()
    assert 0.95 / math.sqrt(27) < largest <= 1 / math.sqrt(27)


def test_rates_on_cifar_are_the_recorded_ones():
    case = recorded('tsc_kcl', 'lr_schedules__a')
    num_epochs, num_iters = case['small_lr'].shape
    rates = learning_rates(load('kcl', '1xb1024-1000e'), epoch_length=num_iters)
    np.testing.assert_allclose(np.reshape(rates, (num_epochs, num_iters)), case['small_lr'], rtol=1e-9)
    assert float(case['small_lr_initial']) == 0.5


@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_defaults_of_the_released_script(method):
    cfg = load(method, '1xb256-1000e', 'cifar10-lt-if100')
    assert (cfg.train_dataloader.batch_size, cfg.model.head.num_positives) == (256, 0)
    assert (cfg.optim_wrapper.optimizer.lr, cfg.optim_wrapper.optimizer.weight_decay) == (0.05, 1e-4)
    expected = {1: 0.01, 5: 0.05, 6: 0.05, 160: 0.05, 161: 5e-4, 180: 5e-4, 181: 5e-6, 1000: 5e-6}
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[epoch - 1] for epoch in expected], list(expected.values()))


@pytest.mark.parametrize('imbalance_factor', [10, 50])
@pytest.mark.parametrize('method', ['kcl', 'tsc', 'linear_kcl', 'linear_tsc'])
def test_factors_of_cifar10_differ_in_the_data_only(method, imbalance_factor):
    schedule = '1xb128-40e' if method.startswith('linear') else '1xb1024-1000e'
    cfg, full = (load(method, schedule, f'cifar10-lt-if{factor}') for factor in (imbalance_factor, 100))
    assert cfg.train_dataloader.dataset.imbalance_factor == imbalance_factor
    cfg.train_dataloader.dataset.imbalance_factor = 100
    for key in ('stage1_config', 'load_from'):
        if cfg.get(key):
            cfg[key] = cfg[key].replace(f'if{imbalance_factor}', 'if100')
    assert cfg.to_dict() == full.to_dict()


@pytest.mark.parametrize('data_set', ['cifar10-lt-if100', 'cifar100-lt-if100'])
@pytest.mark.parametrize('method', ['linear_kcl', 'linear_tsc'])
def test_second_stage_on_cifar(method, data_set):
    cfg = load(method, data_set=data_set)
    assert blocks_of(cfg) == ['sim_cifar_noblur']
    assert cfg.train_dataloader.sampler == dict(type='ltcl.ClassAwareSampler', samples_per_class=4)
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=10 * 128 / 2048, momentum=0.9, weight_decay=0.0))
    np.testing.assert_allclose(learning_rates(cfg), recorded('tsc_kcl', 'lr_schedules__a')['linear_lr'] * 128 / 2048)
    assert cfg.model.head.num_classes == (10 if 'cifar10-' in data_set else 100)


@pytest.mark.parametrize(('data_set', 'num_classes'), [('cifar10-lt-if100', 10), ('cifar100-lt-if100', 100)])
@pytest.mark.parametrize('method', ['ldam_kcl', 'ldam_tsc'])
def test_second_stage_with_ldam(method, data_set, num_classes):
    cfg = load(method, data_set=data_set)
    assert cfg.stage1_config.startswith(f'configs/{method.removeprefix("ldam_")}/')
    assert cfg.train_dataloader.sampler == dict(type='DefaultSampler', shuffle=True)
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0))
    expected = {0: 0.1, 139: 0.1, 140: 0.01, 179: 0.01, 180: 1e-3, 189: 1e-3, 190: 1e-4, 199: 1e-4}
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[epoch] for epoch in expected], list(expected.values()))
    head = build_model(cfg).head
    loss = head.loss_module
    assert head.fc.scale == loss.scale == 30
    assert (loss.max_margin, loss.effective_number_beta) == (0.5, 0.9999)
    assert len(loss.class_counts) == head.num_classes == num_classes


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
    assert different == {'model', 'param_scheduler', 'default_hooks'}
    assert {**kcl['model'], 'head': None} == {**tsc['model'], 'head': None}
    heads = [build_model(cfg).head for cfg in cfgs]
    assert [head.num_positives for head in heads] == [6, 6]
    assert heads[1].target_args == target_args
    if form == '-queue':
        assert [head.queue.queue_len for head in heads] == [512, 512]
    else:
        assert heads[1].match_centers
