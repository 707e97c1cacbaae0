"""The recipes of BCL for ImageNet-LT and iNaturalist 2018."""

import numpy as np
import pytest
import torch
from cifar_recipes import CONFIGS, blocks_of, build_model, learning_rates
from mmengine.config import Config
from mmengine.registry import MODELS
from recorded import recorded

R50, X50 = 'resnet50_4xb64-90e_imagenet-lt', 'resnext50-32x4d_4xb64-90e_imagenet-lt'
INAT = 'resnet50_4xb64-100e_inat2018'
CONTRASTED = {
    f'{R50}-sim-sim': ['bcl_sim', 'bcl_sim'],
    f'{X50}-sim-sim': ['bcl_sim', 'bcl_sim'],
    # In the recipe named sim-rand the augmented view comes first.
    f'{X50}-sim-rand': ['bcl_rand', 'bcl_sim'],
    f'{X50}-rand-rand': ['bcl_rand', 'bcl_rand'],
    INAT: ['bcl_sim', 'bcl_sim'],
}
RECORDED_RATES = {90: 'case0_lr', 100: 'case1_lr'}


def load(name: str) -> Config:
    return Config.fromfile(CONFIGS / 'bcl' / f'bcl_{name}.py')


@pytest.mark.parametrize('name', [f'{R50}-sim-sim', f'{X50}-sim-sim', INAT])
def test_model(name):
    cfg = load(name)
    model = build_model(cfg)
    head = model.head
    num_classes = 8142 if name == INAT else 1000
    assert (head.alpha, head.beta, head.temperature, head.tau, head.fc.scale) == (1.0, 0.35, 0.07, 1.0, 30.0)
    assert head.fc.weight.shape == (num_classes, 2048)
    for mlp in (model.projector, head.prototype_projector):
        first, norm, _, last = mlp.layers
        widths = (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape))
        assert widths == ((2048, 2048), 2048, (1024, 2048))
    assert model.joint_forward
    # The published networks of 1,000 classes have so many parameters.
    classifier = 2048 * (num_classes - 1000)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    assert num_parameters - classifier == (37_625_152 if 'resnext' in name else 38_153_280)


@pytest.mark.parametrize('name', CONTRASTED)
def test_data_and_optimisation(name):
    cfg = load(name)
    assert blocks_of(cfg) == ['randcls', *CONTRASTED[name]]
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last) == (64, False)
    lists = [cfg[f'{part}_dataloader'].dataset.ann_file for part in ('train', 'val', 'test')]
    if name == INAT:
        assert lists == ['iNaturalist18_train.txt', 'iNaturalist18_val.txt', 'iNaturalist18_val.txt']
    else:
        assert lists == [f'ImageNet_LT/ImageNet_LT_{part}.txt' for part in ('train', 'val', 'test')]
    weight_decay = 1e-4 if name == INAT else 5e-4
    lr = 0.2 if name == INAT else 0.1
    # No other key: float32.
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=weight_decay))
    case = recorded('bcl', 'lr_schedule__a')
    rates = learning_rates(cfg)
    np.testing.assert_allclose(rates, case[RECORDED_RATES[len(rates)]], rtol=1e-9)


@pytest.mark.parametrize('name', [f'{X50}-sim-rand', f'{X50}-rand-rand'])
def test_recipes_of_imagenet_differ_in_the_views_only(name):
    cfg, base = load(name), load(f'{X50}-sim-sim')
    for each in (cfg, base):
        each.train_dataloader.dataset.pipeline = each.train_pipeline = None
    assert cfg.to_dict() == base.to_dict()


@pytest.mark.parametrize('name', [f'{R50}-sim-sim', f'{X50}-sim-sim'])
def test_convolutions_are_drawn_by_fan_out_and_norms_start_at_one(name):
    backbone = MODELS.build({**load(name).model.backbone, 'stem_channels': 8, 'base_channels': 8})
    torch.manual_seed(0)
    backbone.init_weights()
    last = backbone.layer4[-1]
    assert all((norm.weight == 1).all() for norm in (backbone.norm1, last.norm1, last.norm2, last.norm3))
    for conv in (last.conv1, last.conv2, last.conv3):
        fan_out = conv.weight[:, 0].numel()
        assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.1)
