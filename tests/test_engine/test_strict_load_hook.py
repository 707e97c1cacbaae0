from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ltcl.engine.hooks import StrictLoadHook
from ltcl.errors import UserError


def build_model(width: int = 3) -> nn.Module:
    return nn.ModuleDict({'backbone': nn.Linear(2, width), 'head': nn.Linear(width, 4)})


def load(state_dict: dict, load_from: str | None = 'old.pth', ignore: tuple = (), resume: bool = False) -> None:
    runner = SimpleNamespace(model=build_model(), _load_from=load_from, _resume=resume)
    StrictLoadHook(ignore).after_load_checkpoint(runner, {'state_dict': state_dict})


def test_matching_checkpoint_passes_with_and_without_prefix():
    state = build_model().state_dict()
    assert load(state) is None
    assert load({f'module.{name}': value for name, value in state.items()}) is None


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
    load(state, ignore=(pattern,))
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
