"""Every method trains on cached features, and what it leaves is a classifier of images."""

import pytest
import torch
from toy import METHODS
from toy_frozen import encoder_file, frozen_config

from ltcl.engine.unwrapped import unwrapped
from ltcl.launch import build_runner


@pytest.fixture(scope='module')
def encoder(tmp_path_factory):
    return encoder_file(tmp_path_factory.mktemp('encoder'))


@pytest.mark.parametrize('method', METHODS)
def test_a_method_on_features(images, encoder, tmp_path, method):
    cfg = frozen_config(images, tmp_path, encoder, method, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg.default_hooks.logger.interval = 1
    runner = build_runner(cfg, training=True)
    model = unwrapped(runner.model)
    model.backbone.init_weights()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    runner.train()
    after = model.state_dict()
    moved = {name.split('.')[0] for name, value in after.items() if not torch.equal(value, before[name])}
    trained = METHODS[method].trained_parts - {'backbone'}
    assert moved - {'head', 'neck'} == trained - {'head'}
    assert ('neck' in moved) == (METHODS[method].model is not None)
    assert not any(name.startswith('momentum_encoder.backbone') for name in after)
    score = runner.message_hub.get_scalar(f'val/{METHODS[method].score}').current()
    assert 0 <= score <= 100
