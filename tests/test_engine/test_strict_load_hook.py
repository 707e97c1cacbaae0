import re
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ltcl.engine.hooks import StrictLoadHook
from ltcl.errors import UserError


def build_model(width: int = 3) -> nn.Module:
    return nn.ModuleDict({'backbone': nn.Linear(2, width), 'head': nn.Linear(width, 4)})


def load(
    state_dict: dict,
    load_from: str | None = 'old.pth',
    ignore: tuple = (),
    resume: bool = False,
    train_loop: object = 'built',
    **others: object,
) -> dict:
    runner = SimpleNamespace(model=build_model(), _load_from=load_from, _resume=resume, _train_loop=train_loop)
    checkpoint = {'state_dict': dict(state_dict), **others}
    StrictLoadHook(ignore).after_load_checkpoint(runner, checkpoint)
    return checkpoint['state_dict']


def test_matching_checkpoint_passes_with_and_without_prefix():
    state = build_model().state_dict()
    assert load(state) == state
    wrapped = {f'module.{name}': value for name, value in state.items()}
    assert load(wrapped) == wrapped


def test_everything_that_does_not_fit_is_listed():
    state = build_model(width=5).state_dict()
    state['fc.weight'] = state.pop('head.weight')
    with pytest.raises(UserError, match=r'the checkpoint old\.pth is of another architecture') as error:
        load(state)
    for text in (
        'missing head.weight',
        'unknown fc.weight',
        'backbone.weight has shape (5, 2), not (3, 2)',
        'backbone.bias has shape (5,), not (3,)',
    ):
        assert text in str(error.value)
    assert 'head.bias' not in str(error.value)
    assert 'more' not in str(error.value)


def test_a_head_of_other_classes_names_the_option_that_leaves_it_out():
    model = build_model()
    model['head'].register_buffer('class_counts', torch.tensor([3, 2, 1, 1]))
    runner = SimpleNamespace(model=model, _load_from='old.pth', _resume=False, _train_loop='built')
    fewer = {name: value[:3] if name.startswith('head') else value for name, value in model.state_dict().items()}
    option = re.escape('--cfg-options "default_hooks.strict_load.ignore=[\'^head\\.\']"')
    with pytest.raises(UserError, match=f'old.pth has 3 classes, the config 4: to start from its encoder .* {option}$'):
        StrictLoadHook().after_load_checkpoint(runner, {'state_dict': dict(fewer)})
    StrictLoadHook([r'^head\.']).after_load_checkpoint(runner, {'state_dict': dict(fewer)})
    narrow = {name: value[:, :1] if name == 'head.weight' else value for name, value in model.state_dict().items()}
    for loop, state in ((None, fewer), ('built', fewer | {'stranger': torch.zeros(1)}), ('built', narrow)):
        runner._train_loop = loop
        with pytest.raises(UserError, match='of another architecture than the config'):
            StrictLoadHook().after_load_checkpoint(runner, {'state_dict': dict(state)})


def test_a_long_list_is_cut():
    unknown = {f'other.{number}': torch.zeros(1) for number in range(9)}
    with pytest.raises(UserError, match=r'resume from .* and 3 more\. Use the config') as error:
        load(build_model().state_dict() | unknown, load_from=None)
    assert str(error.value).count('unknown') == 6


@pytest.mark.parametrize('pattern', ['head', r'^head\.', r'head\.(weight|bias)$'])
def test_ignored_names_may_differ_in_every_way(pattern):
    state = build_model().state_dict()
    state['head.weight'] = torch.zeros(7, 3)
    state['head.extra'] = torch.zeros(1)
    del state['head.bias']
    if pattern.endswith('$'):
        del state['head.extra']
    assert load(state, ignore=(pattern,)).keys() == build_model().state_dict().keys()
    wrapped = {f'module.{name}': value for name, value in state.items()}
    loaded = load(wrapped, ignore=(pattern,))
    assert {name.removeprefix('module.') for name in loaded} == build_model().state_dict().keys()
    state['backbone.extra'] = torch.zeros(1)
    with pytest.raises(UserError, match=r'unknown backbone\.extra') as error:
        load(state, ignore=(pattern,))
    assert 'head' not in str(error.value)


def test_patterns_are_for_names_not_for_the_message():
    state = build_model(width=5).state_dict() | {'stranger': torch.zeros(1)}
    del state['head.bias']
    with pytest.raises(UserError, match=r'backbone\.bias has shape .*missing head\.bias.*unknown stranger'):
        load(state, ignore=('missing', 'unknown', 'shape'))


def test_file_that_is_no_checkpoint():
    runner = SimpleNamespace(model=build_model(), _load_from='vit.pth')
    with pytest.raises(UserError, match=r'vit\.pth'):
        StrictLoadHook().after_load_checkpoint(runner, {'model': {}, 'optimizer': {}})


def test_weights_only_can_be_loaded_but_not_resumed():
    load(build_model().state_dict())
    with pytest.raises(UserError, match=r'old\.pth has weights only.*load_from'):
        load(build_model().state_dict(), resume=True)


def ones() -> dict:
    return {name: torch.ones_like(value) for name, value in build_model().state_dict().items()}


def are_ones(state: dict) -> dict:
    return {name: bool((value == 1).all()) for name, value in state.items()}


def test_converted_file_may_lack_class_counts():
    model = build_model()
    model['head'].register_buffer('class_counts', torch.tensor([3, 2, 1, 1]))
    runner = SimpleNamespace(model=model, _load_from='old.pth', _resume=False, _train_loop='built')
    for meta, has_passed in (({'converted_from': 'torchvision'}, True), ({}, False)):
        checkpoint = {'meta': meta, 'state_dict': dict(build_model().state_dict())}
        with nullcontext() if has_passed else pytest.raises(UserError, match=r'missing head\.class_counts'):
            StrictLoadHook().after_load_checkpoint(runner, checkpoint)
            assert checkpoint['state_dict']['head.class_counts'].tolist() == [3, 2, 1, 1]


def test_ignored_names_are_not_loaded_even_where_they_fit():
    loaded = are_ones(load(ones(), ignore=(r'^head\.',)))
    assert loaded == {'backbone.weight': True, 'backbone.bias': True, 'head.weight': False, 'head.bias': False}


@pytest.mark.parametrize('own', [dict(resume=True, optimizer={}), dict(train_loop={'max_epochs': 1})])
def test_checkpoints_of_its_own_are_taken_whole(own):
    state = build_model().state_dict()
    assert load(state, ignore=(r'^head\.',), **own) == state
    del state['head.bias']
    with pytest.raises(UserError, match=r'missing head\.bias'):
        load(state, ignore=(r'^head\.',), **own)


def test_a_config_without_training_ignores_at_test_time():
    loaded = are_ones(load(ones(), ignore=(r'^head\.',), train_loop=None))
    assert loaded == {'backbone.weight': True, 'backbone.bias': True, 'head.weight': False, 'head.bias': False}


def test_checkpoint_without_an_encoder():
    head = {name: value for name, value in build_model().state_dict().items() if name.startswith('head')}
    state = {f'module.{name}': value for name, value in head.items()}
    state['module.momentum_encoder.backbone.weight'] = torch.zeros(1)
    message = r'old\.pth has no encoder: .* backbone\. \(head\.bias, head\.weight, momentum_encoder'
    for patterns in ((), (r'^(head|momentum_encoder)\.',)):
        with pytest.raises(UserError, match=message):
            load(state, ignore=patterns)


def test_an_encoder_that_is_ignored_may_be_missing():
    head = {name: value for name, value in ones().items() if name.startswith('head')}
    loaded = are_ones(load(head, ignore=(r'^backbone\.',)))
    assert loaded == {'backbone.weight': False, 'backbone.bias': False, 'head.weight': True, 'head.bias': True}
