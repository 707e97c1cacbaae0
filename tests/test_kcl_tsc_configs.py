"""The recipes of KCL and TSC: what they say, and that the ones on CIFAR train."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_cifar import write_cifar100
from mmengine.config import Config
from mmengine.registry import MODELS, PARAM_SCHEDULERS

from ltcl.datasets import CIFAR100LT
from ltcl.engine import Runner

CONFIGS = Path(__file__).parents[1] / 'configs'
CIFAR = {
    (method, factor): CONFIGS / method / f'{method}_resnet32_1xb1024-1000e_cifar100-lt-if{factor}.py'
    for method in ('kcl', 'tsc')
    for factor in (10, 50, 100)
}


def hook_of(cfg: Config, name: str) -> dict:
    return next(hook for hook in cfg.custom_hooks if hook['type'] == f'ltcl.{name}')


def rates(cfg: Config, num_steps: int, epoch_length: int = 1) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=cfg.optim_wrapper.optimizer.lr)
    scheduler = PARAM_SCHEDULERS.build(
        cfg.param_scheduler, default_args=dict(optimizer=optimizer, epoch_length=epoch_length)
    )
    values = []
    for _ in range(num_steps):
        values.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return values


@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_cifar_recipe_trains(method, tmp_path, monkeypatch):
    for name, value in write_cifar100(tmp_path, num_train=100, num_test=2).items():
        monkeypatch.setattr(CIFAR100LT, name, value)
    cfg = Config.fromfile(CIFAR[method, 100])
    bank = hook_of(cfg, 'FeatureBankHook')['dataloader']
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader, bank):
        loader.update(batch_size=8, num_workers=0, persistent_workers=False)
        loader.dataset.data_root = str(tmp_path)
    cfg.train_dataloader.dataset.indices = bank.dataset.indices = list(range(0, 2000, 100))
    cfg.val_dataloader.dataset.indices = 8
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook.type != 'ltcl.RunReportHook']
    cfg.work_dir = str(tmp_path / 'work_dir')
    runner = Runner.from_cfg(cfg)
    before = {name: value.clone() for name, value in runner.model.named_parameters()}
    runner.train()
    assert runner.iter == 3  # the last batch is kept
    assert all(math.isfinite(loss) and loss > 0 for loss in runner.message_hub.get_scalar('train/loss').data[0])
    moved = {name.split('.')[0] for name, value in runner.model.named_parameters() if not value.equal(before[name])}
    assert moved == {'backbone', 'projector'}
    assert 'val/knn/all' in runner.message_hub.log_scalars


@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_cifar_recipe(method):
    cfg = Config.fromfile(CIFAR[method, 100])
    model = MODELS.build(cfg.model)
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (1024, False)
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
    values = rates(cfg, 11 * 1000, epoch_length=11)
    np.testing.assert_allclose([values[0], values[-1]], [0.01, 0.0005])
    assert max(values) == values[10 * 11]  # the warm-up ends where the cosine goes on


@pytest.mark.parametrize('factor', [10, 50])
@pytest.mark.parametrize('method', ['kcl', 'tsc'])
def test_factors_differ_in_the_data_only(method, factor):
    cfg, full = Config.fromfile(CIFAR[method, factor]), Config.fromfile(CIFAR[method, 100])
    bank = hook_of(cfg, 'FeatureBankHook')['dataloader']
    assert cfg.train_dataloader.dataset.imbalance_factor == bank.dataset.imbalance_factor == factor
    cfg.train_dataloader.dataset.imbalance_factor = bank.dataset.imbalance_factor = 100
    ours, theirs = cfg.to_dict(), full.to_dict()
    del ours['bank_dataset']
    for hooks in (ours['custom_hooks'], theirs['custom_hooks']):
        hooks.sort(key=lambda hook: hook['type'])
    assert ours == theirs


@pytest.mark.parametrize(('name', 'half'), [('100e_fashion-mnist-lt-small', 50), ('12e_fashion-mnist-lt-full', 6)])
def test_tsc_restarts_the_cosine_when_the_targets_start(name, half):
    tsc = Config.fromfile(CONFIGS / 'tsc' / f'tsc_resnet20_1xb128-{name}.py')
    hook = hook_of(tsc, 'TargetAssignmentHook')
    assert (hook['interval'], hook.get('begin_epoch')) == (1, None)
    assert tsc.train_cfg.max_epochs == 2 * half
    values = rates(tsc, 2 * half)
    expected = [0.05 * (1 + math.cos(math.pi * epoch / half)) for epoch in range(half)]
    np.testing.assert_allclose(values, 2 * expected)
    bank = hook_of(tsc, 'FeatureBankHook')['dataloader']
    assert bank.dataset.num_max == tsc.train_dataloader.dataset.num_max


@pytest.mark.parametrize('name', ['100e_fashion-mnist-lt-small', '12e_fashion-mnist-lt-full'])
def test_kcl_and_tsc_differ_in_head_and_schedule_only(name):
    kcl, tsc = (
        Config.fromfile(CONFIGS / method / f'{method}_resnet20_1xb128-{name}.py').to_dict() for method in ('kcl', 'tsc')
    )
    different = {key for key in kcl if kcl[key] != tsc[key]}
    assert different == {'model', 'param_scheduler', 'custom_hooks'}
    kcl['model'].pop('head')
    head = tsc['model'].pop('head')
    assert kcl['model'] == tsc['model']
    assert (head['num_positives'], head['queue_len'], head['target_weight']) == (6, 512, 0.2)
