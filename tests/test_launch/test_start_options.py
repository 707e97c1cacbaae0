"""What --amp sets, whatever precision the config has."""

import pytest
from mmengine.config import Config

from ltcl.launch.parts import check_parts
from ltcl.launch.start_options import set_precision

OPTIMIZER = dict(type='SGD', lr=0.1)


@pytest.mark.parametrize('own', [{}, dict(loss_scale='dynamic'), dict(loss_scale=512.0, dtype='float16')])
def test_bfloat16_leaves_no_option_of_float16(own):
    cfg = Config(dict(optim_wrapper=dict(type='AmpOptimWrapper', optimizer=OPTIMIZER, clip_grad={}, **own)))
    set_precision(cfg, 'bfloat16')
    assert cfg.optim_wrapper == dict(type='ltcl.Bfloat16OptimWrapper', optimizer=OPTIMIZER, clip_grad={})
    check_parts(cfg)


def test_float16_keeps_the_scale_that_is_set():
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper', optimizer=OPTIMIZER, loss_scale=512.0)))
    set_precision(cfg, 'float16')
    assert cfg.optim_wrapper == dict(type='AmpOptimWrapper', optimizer=OPTIMIZER, loss_scale=512.0)
