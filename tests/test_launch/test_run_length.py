"""Another number of epochs or iterations, with the schedule that was made for the old one."""

import math

import pytest
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS
from rates import learning_rates, sgd
from shipped_configs import CONFIGS

from ltcl.launch import load_config, set_options
from ltcl.launch.run_length import length_of, set_length, unit_of

SCHEDULES = sorted((CONFIGS / '_base_' / 'schedules').glob('*.py'))


def make_config(*schedule: dict, unit: str = 'max_epochs', length: int = 100, **entries: object) -> Config:
    return Config({unit: length, 'train_cfg': {unit: length}, 'param_scheduler': list(schedule), **entries})


def stretched(length: int, *schedule: dict, **entries: object) -> list[dict]:
    cfg = make_config(*schedule, **entries)
    assert set_length(cfg._cfg_dict, length) == {}
    assert length_of(cfg._cfg_dict) == length
    return [dict(part) for part in cfg.param_scheduler]


WARMUP = dict(type='LinearLR', start_factor=0.2, end=5)
COSINE = dict(type='CosineAnnealingLR', T_max=96, begin=4, end=100)
STEPS = dict(type='ltcl.WarmupStepLR', warmup_epochs=5, milestones=[79, 89], overshoot=False)
FORMULA = {length: (dict(WARMUP), dict(COSINE, T_max=length - 4, end=length)) for length in (6, 20, 100, 250)}


@pytest.mark.parametrize('length', FORMULA)
def test_warmup_stays_and_cosine_ends_with_the_run(length):
    assert tuple(stretched(length, dict(WARMUP), dict(COSINE))) == FORMULA[length]


def test_warmup_that_would_not_end_shrinks():
    assert stretched(2, dict(WARMUP), dict(COSINE)) == [
        dict(WARMUP, start_factor=1.0, end=1),
        dict(COSINE, begin=0, T_max=2, end=2),
    ]
    (part,) = stretched(50, dict(type='LinearLR', begin=99, end=100))
    assert part == dict(type='LinearLR', begin=49, end=50)
    (part,) = stretched(8, dict(type='ltcl.WarmupCosineLR', warmup_epochs=10, max_epochs=100))
    assert part == dict(type='ltcl.WarmupCosineLR', warmup_epochs=1, max_epochs=8)


@pytest.mark.parametrize(
    ('length', 'old', 'new'),
    [
        (10, dict(type='LinearLR', start_factor=0.1, end=20), dict(start_factor=0.5, end=2)),
        (10, dict(type='LinearLR', start_factor=0.6, end=20), dict(start_factor=0.6, end=2)),
        (5, dict(type='LinearLR', end=20), dict(start_factor=1, end=1)),
        (5, dict(type='LinearMomentum', start_factor=0.1, end_factor=0.8, end=20), dict(start_factor=0.8, end=1)),
        (5, dict(type='ConstantLR', factor=0.1, end=20), dict(factor=1, end=1)),
        (5, dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=100), dict(end=5)),
        (5, dict(type='LinearLR', start_factor=0.1, end=20, convert_to_iter_based=True), dict(end=1)),
        (50, dict(type='LinearLR', start_factor=0.1, end=20), dict(start_factor=0.1, end=20)),
    ],
)
def test_shrunk_warmup_reaches_its_goal(length, old, new):
    assert stretched(length, dict(old)) == [{**old, **new}]


@pytest.mark.parametrize(
    ('length', 'old', 'new'),
    [
        (20, dict(type='MultiStepLR', milestones=[50, 75]), dict(milestones=[10, 15])),
        (3, dict(type='MultiStepLR', milestones=[50, 75]), dict(milestones=[1, 2])),
        (500, STEPS, dict(milestones=[399, 449])),
        (2, STEPS, dict(milestones=[0, 0], warmup_epochs=1)),
        (500, dict(STEPS, overshoot=True, milestones=[80, 90]), dict(milestones=[400, 450])),
        (200, dict(type='StepLR', step_size=30), dict(step_size=60)),
        (7, dict(type='CosineRestartLR', periods=[50, 50], restart_weights=[1, 1]), dict(periods=[3, 4])),
        (
            1,
            dict(type='CosineRestartLR', periods=[50, 50], restart_weights=[1, 1]),
            dict(periods=[1], restart_weights=[1]),
        ),
        (50, dict(type='OneCycleLR', total_steps=100), dict(total_steps=50)),
        (50, dict(type='CosineAnnealingLR', T_max=100), dict(T_max=50)),
        (50, dict(type='CosineAnnealingLR', T_max=7), dict(T_max=7)),
        (50, dict(type='ExponentialLR', gamma=0.9), dict(gamma=0.9)),
    ],
)
def test_shapes(length, old, new):
    assert stretched(length, dict(old)) == [{**old, **new}]


def test_iterations():
    warmup = dict(type='LinearLR', by_epoch=False, end=11)
    poly = dict(type='PolyLR', by_epoch=False, begin=0, end=101)
    assert stretched(1000, warmup, poly, unit='max_iters') == [warmup, dict(poly, end=1001)]


def test_what_cannot_follow_is_told():
    cfg = make_config(dict(type='CosineAnnealingLR', T_max=300), dict(type='CosineRestartLR', periods=[10, 20]))
    assert set_length(cfg._cfg_dict, 20) == {'param_scheduler.0.T_max': 300, 'param_scheduler.1.periods': [10, 20]}
    by_iteration = dict(type='CosineAnnealingLR', by_epoch=False, T_max=5000)
    assert set_length(make_config(by_iteration)._cfg_dict, 20) == {'param_scheduler.0.T_max': 5000}


def test_one_schedule_or_one_for_each_optimizer():
    cfg = Config(dict(train_cfg=dict(max_epochs=10), param_scheduler=dict(type='CosineAnnealingLR', T_max=10)))
    set_length(cfg._cfg_dict, 4)
    assert cfg.param_scheduler.T_max == 4
    part = dict(type='CosineAnnealingLR', T_max=10)
    cfg = Config(dict(train_cfg=dict(max_epochs=10), param_scheduler=dict(a=[dict(part)], b=[dict(part)])))
    set_length(cfg._cfg_dict, 4)
    assert [cfg.param_scheduler[name][0].T_max for name in 'ab'] == [4, 4]


def test_hooks_and_samplers_that_count_epochs_follow():
    hook = dict(type='ltcl.TargetAssignmentHook', begin_epoch=50)
    sampler = dict(type='ltcl.ProgressivelyBalancedSampler', max_epochs=100)
    hooks = dict(custom_hooks=[hook], default_hooks=dict(target_assignment={**hook, 'begin_epoch': 20}, timer=None))
    cfg = make_config(**hooks, train_dataloader=dict(sampler=sampler))
    set_length(cfg._cfg_dict, 10)
    assert (cfg.custom_hooks[0].begin_epoch, cfg.train_dataloader.sampler.max_epochs) == (5, 10)
    assert cfg.default_hooks.target_assignment.begin_epoch == 2


def rates(cfg: Config, epoch_length: int = 1) -> list[float]:
    """Share of the rate in each epoch; in each iteration where a schedule counts them."""
    optimizer = sgd(1.0)
    parts = cfg.param_scheduler if isinstance(cfg.param_scheduler, list) else [cfg.param_scheduler]
    args = dict(optimizer=optimizer, epoch_length=epoch_length)
    built = [PARAM_SCHEDULERS.build(part, default_args=args) for part in parts]
    num_steps = length_of(cfg) * (epoch_length if parts[0].get('convert_to_iter_based') else 1)
    return learning_rates(optimizer, built, num_steps)


@pytest.mark.parametrize('length', [1, 2, 5, 10])
@pytest.mark.parametrize('path', SCHEDULES, ids=lambda path: path.stem)
def test_shortened_run_reaches_the_rate(path, length):
    cfg = load_config(str(path))
    cfg = set_options(cfg, {unit_of(cfg): str(length)})
    # A cosine without warm-up is already decayed in its first epoch; that of KCL on CIFAR is at its bottom in the last.
    bottom = length if path.stem.startswith('kcl-cifar') else length + 1
    assert max(rates(cfg, epoch_length=100)) >= 0.98 * (1 + math.cos(math.pi / bottom)) / 2


@pytest.mark.parametrize('length', [2, 10])
@pytest.mark.parametrize('path', SCHEDULES, ids=lambda path: path.stem)
def test_run_of_one_step_is_made_longer(path, length):
    cfg = load_config(str(path))
    unit = unit_of(cfg)
    cfg = set_options(set_options(cfg, {unit: '1'}), {unit: str(length)})
    assert length_of(cfg) == length
    assert len(rates(cfg, epoch_length=100)) >= length


@pytest.mark.parametrize('option', ['max_epochs', 'train_cfg.max_epochs'])
@pytest.mark.parametrize(
    'config', ['paco_resnet20_1xb128-100e_fashion-mnist-lt-small', 'paco_resnet50_4xb32-400e_imagenet-lt']
)
def test_either_key_sets_run_and_schedule(option, config):
    cfg = set_options(load_config(f'configs/paco/{config}.py'), {option: '20'})
    assert (cfg.max_epochs, cfg.train_cfg.max_epochs) == (20, 20)
    found = rates(cfg)
    # The last epochs are the end of the cosine, as they are in the long run.
    assert max(found) == pytest.approx(1)
    assert found[-1] < 0.05
    assert found[-1] == min(found[-10:])


def test_config_without_the_variable_takes_the_short_key():
    cfg = set_options(Config(dict(train_cfg=dict(max_epochs=10))), {'max_epochs': '4'})
    assert cfg._cfg_dict == dict(train_cfg=dict(max_epochs=4))
    cfg = set_options(load_config('configs/custom/linear_kcl_resnet50_1xb32-40e_own-images.py'), {'max_epochs': '20'})
    assert (cfg.train_cfg.max_epochs, cfg.param_scheduler.milestones) == (20, [10, 15])
