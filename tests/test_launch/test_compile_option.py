"""``--compile``: what it sets, and what it refuses before data or model are touched."""

import argparse
import shutil

import pytest
import torch
from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch.compile_option import check_compile, compile_option, compile_options, set_compile


def config(**entries: object) -> Config:
    return Config(dict(model=dict(backbone=dict(type='ResNet')), optim_wrapper=dict(type='OptimWrapper'), **entries))


@pytest.mark.parametrize(
    ('words', 'options'),
    [([], None), (['--compile'], {}), (['--compile', 'reduce-overhead'], dict(mode='reduce-overhead'))],
)
def test_option_sets_the_entry(words, options):
    parser, cfg = argparse.ArgumentParser(), config()
    compile_option(parser)
    set_compile(cfg, parser.parse_args(words).compile)
    assert compile_options(cfg) == options
    assert compile_options(config(compile=False)) is None


@pytest.mark.parametrize(
    ('has_gpu', 'options', 'words'),
    [
        (False, dict(mode='reduce-overhead'), 'there is no GPU'),
        (True, dict(mode='max-autotune', backend='eager'), 'accumulative_counts=1'),
        (False, dict(mode='default', options={}), 'exclude each other'),
        (False, True, r'no nowhere\+\+: .*apt-get install g\+\+'),
    ],
)
def test_what_cannot_be_compiled(monkeypatch, has_gpu, options, words):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: has_gpu)
    monkeypatch.setenv('CXX', 'nowhere++')
    cfg = config(compile=options)
    cfg.optim_wrapper.accumulative_counts = 2
    with pytest.raises(UserError, match=words):
        check_compile(cfg)


def test_frozen_encoder():
    cfg = config(compile=True)
    cfg.model.backbone.type = 'ltcl.FrozenBackbone'
    with pytest.raises(UserError, match='frozen'):
        check_compile(cfg)


def test_another_backend_needs_no_compiler(monkeypatch):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    check_compile(config(compile=dict(backend='eager')))
