"""A config whose head was trained on cached features, with its encoder again."""

import copy

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from toy import toy_config
from toy_frozen import encoder_file, frozen_config

from ltcl.launch import import_mmpretrain
from ltcl.launch.tuning.thawed import is_frozen, thaw

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture(autouse=True)
def packages():
    import_mmpretrain()


@pytest.mark.parametrize('method', ['cross_entropy', 'paco'])
def test_encoder_and_images_are_those_from_before(tmp_path, method):
    whole = toy_config(tmp_path, tmp_path, method)
    cfg = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), method)
    assert is_frozen(cfg)
    thaw(cfg)
    assert not is_frozen(cfg)
    assert dict(cfg.model.backbone, init_cfg=None) == dict(whole.model.backbone, init_cfg=None)
    for name in LOADERS:
        assert cfg[name].dataset == whole[name].dataset
        assert cfg[name].batch_size == whole[name].batch_size
        assert cfg[name].collate_fn == whole[name].collate_fn
    assert 'feature_cache' not in cfg.default_hooks


@pytest.mark.parametrize('head', [None, 'hidden'])
def test_the_head_gives_the_same_answers(tmp_path, head):
    frozen = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), 'cross_entropy', head)
    cfg = copy.deepcopy(frozen)
    thaw(cfg)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        before, after = MODELS.build(frozen.model), MODELS.build(cfg.model)
    state = {name.replace('backbone.encoder.', 'backbone.'): each for name, each in before.state_dict().items()}
    after.load_state_dict(state)
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(before.eval()(images), after.eval()(images))
    assert all(each.requires_grad for each in after.backbone.parameters())
