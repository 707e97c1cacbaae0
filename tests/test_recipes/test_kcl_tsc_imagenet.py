"""The recipes of KCL and TSC for ImageNet-LT and iNaturalist 2018, both stages."""

import numpy as np
import pytest
from cifar_recipes import CONFIGS, blocks_of, build_model, hook_of, learning_rates
from mmengine.config import Config
from recorded import recorded

STAGE1 = [
    'kcl_resnet50_4xb64-200e_imagenet-lt',
    'kcl_resnet50_4xb64-400e_imagenet-lt',
    'kcl_resnet50_4xb64-200e_inat2018',
    'tsc_resnet50_4xb64-200e_imagenet-lt',
    'tsc_resnet50_4xb64-400e_imagenet-lt',
    'tsc_resnet50_4xb64-400e_inat2018',
]
RECORDED_RATES = {
    'linear_kcl_resnet50_4xb512-40e_imagenet-lt': 'linear_lr',
    'linear_kcl-400e_resnet50_4xb512-40e_imagenet-lt': 'linear_lr',
    'linear_tsc-200e_resnet50_4xb512-40e_imagenet-lt': 'linear_lr',
    'linear_tsc_resnet50_4xb512-40e_imagenet-lt': 'linear_lr',
    'linear-alt_kcl_resnet50_4xb512-10e_imagenet-lt': 'linear_alt_in_lt_lr',
    'linear-alt_tsc_resnet50_4xb512-10e_imagenet-lt': 'linear_alt_in_lt_lr',
    'linear_kcl_resnet50_4xb512-40e_inat2018': 'linear_alt_inat_lr',
    'linear_tsc_resnet50_4xb512-40e_inat2018': 'linear_alt_inat_lr',
}
STEPS_PER_EPOCH = {'imagenet-lt': 115846 // 2048, 'inat2018': 437513 // 2048}
NUM_CLASSES = {'imagenet-lt': 1000, 'inat2018': 8142}


def load(name: str) -> Config:
    (path,) = CONFIGS.glob(f'*/{name}.py')
    return Config.fromfile(path)


def cosine(num_epochs: int) -> list[float]:
    return [0.05 * (1 + np.cos(np.pi * epoch / num_epochs)) for epoch in range(num_epochs)]


@pytest.mark.parametrize('name', STAGE1)
def test_stage1(name):
    cfg = load(name)
    assert blocks_of(cfg) == ['regular', 'regular']
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (64, True)
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
    model = build_model(cfg)
    head = model.head
    assert (model.online_views, model.key_views, model.shuffle_bn) == ((0,), (1,), True)
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'ReLU', 'Linear']
    assert [layer.out_features for layer in model.projector.layers[::2]] == [2048, 128]
    assert head.queue.embeddings.shape == (65536, 128)
    assert (head.num_positives, head.temperature) == (6, 0.07)
    assert head.num_classes == NUM_CLASSES[name.rpartition('_')[2]]
    assert hook_of(cfg, 'MomentumUpdateHook')['momentum'] == 0.999
    assert hook_of(cfg, 'FeatureBankHook') is not None
    assert cfg.default_hooks.checkpoint.save_best == 'knn/all'
    is_tsc = name.startswith('tsc')
    assert (hook_of(cfg, 'TargetAssignmentHook') is not None) == is_tsc
    if is_tsc:
        assert head.target_args == dict(target_repeat=1, target_weight=0.2, separate_targets=True)
        assert head.targets.shape == (head.num_classes, 128)
        assert not head.targets.any()  # a search is not paid for by who only builds the model
        assert head.center_momentum == 0.9


@pytest.mark.parametrize('name', STAGE1)
def test_rates_of_stage1(name):
    num_epochs = load(name).train_cfg.max_epochs
    half = num_epochs // 2
    expected = 2 * cosine(half) if name.startswith('tsc') else cosine(num_epochs)
    np.testing.assert_allclose(learning_rates(load(name)), expected, rtol=1e-9)


def test_rates_of_stage1_are_the_recorded_ones():
    case = recorded('tsc_kcl', 'lr_schedules__a')
    for method, num_epochs in (('kcl', 200), ('tsc', 400)):
        rates = learning_rates(load(f'{method}_resnet50_4xb64-{num_epochs}e_imagenet-lt'))
        np.testing.assert_allclose(rates, case[f'{method}_lr'], rtol=1e-9)


def test_when_targets_are_matched():
    """In each step as published; once an epoch where a matching takes seconds."""
    intervals = [hook_of(load(name), 'TargetAssignmentHook')['interval'] for name in STAGE1[-2:]]
    assert intervals == [1, -(-437513 // 4) // 64]


@pytest.mark.parametrize('name', RECORDED_RATES)
def test_stage2(name):
    cfg = load(name)
    data_set = name.rpartition('_')[2]
    assert blocks_of(cfg) == ['crop_flip' if data_set == 'inat2018' else 'regular']
    assert cfg.train_dataloader.sampler == dict(type='ltcl.ClassAwareSampler', samples_per_class=4)
    # 4 GPUs share out as many images as there are; the last incomplete batch is dropped.
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (512, True)
    images = {'imagenet-lt': 115846, 'inat2018': 437513}[data_set]
    assert -(-images // 4) // 512 == STEPS_PER_EPOCH[data_set]
    lr = 30 if data_set == 'inat2018' else 10
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=0.0))
    case = recorded('tsc_kcl', 'lr_schedules__a')
    np.testing.assert_allclose(learning_rates(cfg), case[RECORDED_RATES[name]], rtol=1e-9)


@pytest.mark.parametrize('data_set', NUM_CLASSES)
def test_classifier_of_stage2(data_set):
    model = build_model(load(f'linear_kcl_resnet50_4xb512-40e_{data_set}'))
    model.head.init_weights()
    fc = model.head.fc
    assert fc.weight.shape == (NUM_CLASSES[data_set], 2048)
    assert fc.weight.std().item() == pytest.approx(0.01, rel=0.01)
    assert not fc.bias.any()
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {'head.fc.weight', 'head.fc.bias'}
    assert model.train().backbone.bn1.training


@pytest.mark.parametrize('name', RECORDED_RATES)
def test_stage2_names_the_first_stage_of_its_method_and_data(name):
    _, encoder, *_, data_set = name.split('_')
    method, *epochs = encoder.split('-')
    stage1 = load(name).stage1_config
    assert stage1.startswith(f'configs/{method}/{method}_resnet50_4xb64-{"".join(epochs)}')
    assert stage1.endswith(f'_{data_set}.py')
