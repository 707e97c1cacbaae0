"""The configs of LIFT have the numbers of its published code."""

import math

import pytest
from shipped_configs import CONFIGS, name_of, read

PATHS = sorted(CONFIGS.glob('finetune/lift_*.py'))
BLOCKS = 12  # of a ViT-B


def test_there_are_four_data_sets_with_two_encoders():
    ends = {path.stem.removeprefix('lift_vit-base-').replace('_1xb128-5e', '') for path in PATHS}
    data_sets = ('imagenet-lt', 'places-lt', 'inat2018', 'cifar100-lt-if100')
    assert ends == {f'{encoder}_{data_set}' for encoder in ('clip', 'dinov2') for data_set in data_sets}


@pytest.mark.parametrize('path', PATHS, ids=name_of)
def test_published_numbers(path):
    cfg = read(path)
    model, classes = cfg.model, cfg.num_classes
    assert model.backbone.adapter.width == 2 ** int(math.log2(classes / (2 * BLOCKS)))
    assert (model.head.type, model.head.scale, model.head.num_classes) == ('ltcl.CosineClsHead', 25, classes)
    assert model.head.loss == dict(type='ltcl.LogitAdjustedLoss', num_classes=classes)
    assert cfg.default_hooks.class_mean_start.type == 'ltcl.ClassMeanStartHook'
    optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4)
    assert (cfg.train_dataloader.batch_size, cfg.optim_wrapper.optimizer) == (128, optimizer)
    assert dict(cfg.param_scheduler) == dict(type='CosineAnnealingLR', T_max=cfg.train_cfg.max_epochs)


@pytest.mark.parametrize('path', PATHS, ids=name_of)
def test_images_are_prepared_as_the_weights_know_them(path):
    timm = pytest.importorskip('timm', reason="timm is not installed: pip install 'ltcl[timm]'")
    cfg = read(path)
    encoder = cfg.model.backbone.encoder
    known = timm.get_pretrained_cfg(encoder.model_name)
    assert encoder.init_cfg.checkpoint == f'timm://{encoder.model_name}'
    assert cfg.data_preprocessor.mean == pytest.approx([255 * value for value in known.mean])
    assert cfg.data_preprocessor.std == pytest.approx([255 * value for value in known.std])
    assert cfg.test_dataloader.dataset.pipeline[-2]['size'] == encoder.get('img_size', known.input_size[-1]) == 224


@pytest.mark.parametrize('path', [path for path in PATHS if '-dinov2_' in path.name], ids=name_of)
def test_two_encoders_have_one_recipe(path):
    ours, clip = (read(each).to_dict() for each in (path, path.with_name(path.name.replace('-dinov2_', '-clip_'))))
    for cfg in (ours, clip):
        del cfg['model']['backbone']['encoder'], cfg['data_preprocessor']['mean'], cfg['data_preprocessor']['std']
    assert ours == clip
