import copy

import pytest
from mmengine.config import Config
from shipped_configs import PATHS, name_of, read

from ltcl.errors import UserError
from ltcl.launch import load_config, set_options
from ltcl.recipe_rules.applying import apply_recipe
from ltcl.recipe_rules.run_shape import num_epochs

COUNTS = [250] * 4 + [40] * 12 + [12, 3]  # 1,495 images of 18 classes


def own(method: str, suffix: str = '100e') -> Config:
    return load_config(f'configs/custom/{method}_resnet50_1xb32-{suffix}_own-images.py')


def test_paco():
    cfg = own('paco')
    lines = apply_recipe(cfg, COUNTS)
    assert lines == [
        'batch_size 32: 1,495 training images',
        'max_epochs 130: 5,980 steps from random weights (aim 6,000)',
        'warmup_epochs 6: a twentieth of the run',
        'queue_len 256: 0.17 of an epoch',
        'alpha 0.019: share 0.50 for the centre of the largest class, of 250 images',
        'momentum 0.998: keys average over a tenth of 5,980 steps, or 1,000',
    ]
    assert (cfg.model.head.queue_len, cfg.model.head.alpha) == (256, 0.019)
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler.max_epochs == 130
    assert cfg.param_scheduler.warmup_epochs == 6
    assert cfg.default_hooks.momentum_update.momentum == 0.998
    assert cfg.optim_wrapper.optimizer.lr == 0.02


def test_what_was_set_stays_and_the_rest_fits_it():
    cfg = own('gpaco')
    cfg.model.head.queue_len = 2048
    cfg.train_dataloader.batch_size = 64
    kept = ['model.head.queue_len', 'train_dataloader.batch_size', 'max_epochs', 'param_scheduler.warmup_epochs']
    lines = apply_recipe(cfg, COUNTS, kept, processes=2)
    assert lines == [
        'queue_len 2048: 1.37 of an epoch',
        'alpha 0.0027: share 0.50 for the centre of the largest class, of 250 images',
    ]
    assert (cfg.model.head.queue_len, cfg.train_dataloader.batch_size, cfg.max_epochs) == (2048, 64, 100)


def linear_recipe(epochs: int) -> Config:
    """A recipe with a linear warm-up and a cosine of mmengine's."""
    config = load_config('configs/resco/rescom_resnet50_8xb32-400e_imagenet-lt.py')
    return set_options(config, {'max_epochs': str(epochs)})


@pytest.mark.parametrize(('epochs', 'warmup'), [(10, 1), (40, 2), (400, 20)])
def test_linear_warmup(epochs, warmup):
    cfg = linear_recipe(epochs)
    lines = apply_recipe(cfg, COUNTS, ['max_epochs'])
    linear, cosine = cfg.param_scheduler
    assert f'warmup_epochs {warmup}: a twentieth of the run' in lines
    assert linear == dict(type='LinearLR', start_factor=1 / warmup, end=warmup)
    # The last epoch stays the one at the bottom.
    assert (cosine.begin, cosine.begin + cosine.T_max, cosine.end) == (warmup - 1, epochs - 1, epochs)


@pytest.mark.parametrize(
    'kept', ['warmup_epochs', 'param_scheduler', 'param_scheduler.0.end', 'param_scheduler.1.T_max']
)
def test_linear_warmup_that_was_set_stays(kept):
    cfg, untouched = linear_recipe(40), linear_recipe(40)
    assert not any('warmup' in line for line in apply_recipe(cfg, COUNTS, ['max_epochs', kept]))
    assert cfg.param_scheduler == untouched.param_scheduler


@pytest.mark.parametrize(
    'schedule',
    [
        dict(type='LinearLR', start_factor=0.1, end=100),  # all of the run
        dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=50),
        dict(type='LinearLR', start_factor=0.1, begin=20, end=50),
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=50),
    ],
)
def test_linear_schedule_that_is_no_warmup_stays(schedule):
    cfg = own('balanced-softmax')
    cfg.param_scheduler = dict(schedule)
    assert not any('warmup' in line for line in apply_recipe(cfg, COUNTS, ['max_epochs']))
    assert cfg.param_scheduler == schedule


def test_linear_warmup_by_iteration_of_epochs_keeps_its_first_factor():
    cfg = own('balanced-softmax')
    linear = dict(type='LinearLR', start_factor=0.01, end=10, convert_to_iter_based=True)
    poly = dict(type='PolyLR', begin=0, end=100)
    cosine = dict(type='CosineAnnealingLR', T_max=90, begin=10, end=100, convert_to_iter_based=True)
    cfg.param_scheduler = [dict(linear), dict(poly), dict(cosine)]
    apply_recipe(cfg, COUNTS, ['max_epochs'])
    assert cfg.param_scheduler == [dict(linear, end=5), poly, dict(cosine, T_max=95, begin=5)]


def test_rate_follows_the_batch():
    cfg = own('balanced-softmax')
    lines = apply_recipe(cfg, [4000, 500], start='pretrained')
    assert lines[0] == 'batch_size 64: 4,500 training images; rate 0.02 in proportion'
    assert cfg.optim_wrapper.optimizer.lr == 0.02
    assert lines[1] == 'max_epochs 21: 1,470 steps from pretrained weights (aim 1,500)'
    cfg = own('balanced-softmax')
    apply_recipe(cfg, [4000, 500], ['optim_wrapper.optimizer.lr'])
    assert (cfg.train_dataloader.batch_size, cfg.optim_wrapper.optimizer.lr) == (64, 0.01)


@pytest.mark.parametrize(('processes', 'rate'), [(1, 0.02), (2, 0.04), (4, 0.08)])
def test_rate_is_that_of_all_processes(processes, rate):
    """A recipe of 0.04 for four processes with 32 images each."""
    cfg = load_config('configs/gpaco/gpaco_resnet50_4xb32-400e_imagenet-lt.py')
    assert cfg.optim_wrapper.optimizer.lr == 0.04
    [line, *_] = apply_recipe(cfg, [4000, 500], start='scratch', processes=processes)
    assert cfg.train_dataloader.batch_size == 64
    assert cfg.optim_wrapper.optimizer.lr == rate
    assert line == 'batch_size 64: 4,500 training images' + (f'; rate {rate} in proportion' if rate != 0.04 else '')


PRETRAINED = dict(type='ResNet', init_cfg=dict(type='Pretrained', checkpoint='x.pth'))
DRAWN = dict(type='ResNet', init_cfg=[dict(type='Kaiming', layer='Conv2d')])


@pytest.mark.parametrize(
    ('backbone', 'words'),
    [
        (PRETRAINED, 'from pretrained weights'),
        (DRAWN, 'from random weights'),
        (dict(type='TIMMBackbone', model_name='resnet18', pretrained=True), 'from pretrained weights'),
        (dict(type='ltcl.LastBlocks', encoder=PRETRAINED, blocks=2), 'from pretrained weights'),
        (dict(type='ltcl.LastBlocks', encoder=DRAWN, blocks=2), 'from random weights'),
        (dict(type='ltcl.AdaptedBackbone', encoder=PRETRAINED), 'from pretrained weights'),
        (dict(type='ltcl.FrozenBackbone', encoder=dict(type='ResNet')), 'on frozen features'),
    ],
)
def test_start_is_that_of_the_backbone(backbone, words):
    cfg = own('cross-entropy')
    cfg.model.backbone = backbone
    assert words in apply_recipe(cfg, COUNTS)[1]


def test_two_phases_of_tsc_share_the_run():
    cfg = own('tsc')
    lines = apply_recipe(cfg, COUNTS)
    assert cfg.param_scheduler.periods == [65, 65]
    assert (cfg.model.head.queue_len, cfg.model.head.num_positives) == (512, 6)
    assert 'num_positives 6: three of four classes have as many among 512 rows' in lines


def test_class_wise_queue():
    cfg = own('rescom')
    apply_recipe(cfg, COUNTS)
    assert (cfg.model.head.queue_per_class, cfg.model.head.num_hard_negatives) == (6, 34)


@pytest.mark.parametrize('method', ['paco', 'gpaco', 'kcl', 'tsc'])
def test_numbers_of_the_configs_are_those_for_3000_images(method):
    counts = [600, *[100] * 10, *[50] * 27, 40, 10]
    assert (sum(counts), len(counts)) == (3000, 40)
    cfg, found = own(method), own(method)
    apply_recipe(found, counts, ['train_dataloader.batch_size', 'max_epochs'])
    names = {'queue_len', 'alpha'} & cfg.model.head.keys()
    assert {name: found.model.head[name] for name in names} == {name: cfg.model.head[name] for name in names}
    assert found.model.head.get('num_positives', 6) == 6
    assert found.default_hooks.get('momentum_update') == cfg.default_hooks.get('momentum_update')


SMALL = [path for path in PATHS if path.stem.endswith('_fashion-mnist-lt-small')]


@pytest.mark.parametrize('path', [path for path in SMALL if read(path).get('train_cfg')], ids=name_of)
def test_every_method(path):
    cfg = copy.deepcopy(read(path))
    lines = apply_recipe(cfg, COUNTS)
    start = 'pretrained' if cfg.get('load_from') else 'scratch'
    assert lines[0].startswith('batch_size 32: 1,495 training images; rate ')
    assert cfg.train_cfg.max_epochs == num_epochs(1495, 32, start)
    queue_len = cfg.model.head.get('queue_len', 0)
    assert queue_len == {'ltcl.KCLHead': 512, 'ltcl.TSCHead': 512}.get(cfg.model.head.type, min(queue_len, 256))


def test_schedule_that_cannot_be_adapted():
    cfg = own('tsc')
    cfg.param_scheduler.periods = [50, 20]
    with pytest.raises(UserError, match=r'=130, and param_scheduler.periods cannot be adapted .* max_epochs=100'):
        apply_recipe(cfg, COUNTS)
