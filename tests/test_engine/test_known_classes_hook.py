"""Classes that a model knows keep what it learned of them, by their names."""

import pytest
import torch
from torch import nn

from ltcl.engine.hooks.known_classes_hook import fitted_encoder, grown, places_of
from ltcl.errors import UserError


class Head(nn.Module):
    def __init__(self, num_classes, queue=4):
        super().__init__()
        self.fc = nn.Linear(2, num_classes)
        self.mlp = nn.Linear(2, 5)
        self.register_buffer('queue', torch.randn(queue, 2))
        self.register_buffer('class_counts', torch.ones(num_classes))


class Model(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.head = Head(num_classes)


def test_rows_go_to_the_classes_of_their_names():
    old, new = Model(2), Model(3)
    places = places_of(['b', 'a'], ['a', 'new', 'b'])
    assert places == [2, 0]
    state, fresh = grown(new, old.state_dict(), places, 3)
    for name in ('fc.weight', 'fc.bias'):
        own, theirs = new.state_dict()[f'head.{name}'], old.state_dict()[f'head.{name}']
        assert torch.equal(state[f'head.{name}'], torch.stack([theirs[1], own[1], theirs[0]]))
    for name in ('backbone.weight', 'head.mlp.weight'):
        assert torch.equal(state[name], old.state_dict()[name])
    # What was gathered of the old images is not taken.
    assert torch.equal(state['head.queue'], new.head.queue)
    assert fresh == ['queue', 'class_counts']
    new.load_state_dict(state)


def test_every_expert_keeps_its_rows():
    old, new = Model(2), Model(3)
    old.head.experts, new.head.experts = nn.Linear(2, 2 * 2), nn.Linear(2, 2 * 3)
    state, _ = grown(new, old.state_dict(), [2, 0], 3)
    for name in ('weight', 'bias'):
        theirs, own = (getattr(each.head.experts, name) for each in (old, new))
        expected = [theirs[1], own[1], theirs[0], theirs[3], own[4], theirs[2]]
        assert torch.equal(state[f'head.experts.{name}'], torch.stack(expected))


def test_both_spellings_of_an_accent_are_one_name():
    assert places_of(['caf\u00e9'], ['a', 'cafe\u0301']) == [1]


def test_a_class_without_images_is_told():
    with pytest.raises(UserError, match=r'no training images of b, which the model knows.*renamed, to c, give it back'):
        places_of(['a', 'b'], ['a', 'c'])
    with pytest.raises(UserError, match=r'or train without --from$'):
        places_of(['a', 'b'], ['a'])


def wrapped(state):
    return {name.replace('backbone.', 'backbone.encoder.'): each for name, each in state.items()}


def test_the_encoder_of_cached_features_is_unwrapped_and_adapters_start():
    model, theirs = Model(2), Model(2).state_dict()
    assert fitted_encoder(model, theirs).keys() == fitted_encoder(model, wrapped(theirs)).keys() == theirs.keys()
    model.backbone.adapters = nn.Linear(2, 1)
    found = fitted_encoder(model, wrapped(theirs))
    assert torch.equal(found['backbone.weight'], theirs['backbone.weight'])
    assert torch.equal(found['backbone.adapters.weight'], model.backbone.adapters.weight)


def test_an_encoder_that_stays_frozen_keeps_its_names():
    model = Model(2)
    model.backbone = nn.ModuleDict({'encoder': model.backbone})
    theirs = model.state_dict()
    assert fitted_encoder(model, theirs) == theirs


def test_a_momentum_encoder_starts_from_the_backbone_that_was_frozen():
    model, theirs = Model(2), Model(2).state_dict()
    model.momentum_encoder = nn.ModuleDict({'backbone': nn.Linear(2, 2)})
    found = fitted_encoder(model, wrapped(theirs))
    assert torch.equal(found['momentum_encoder.backbone.weight'], theirs['backbone.weight'])


def test_adapters_of_a_momentum_encoder_start_as_well():
    model, theirs = Model(2), Model(2).state_dict()
    model.backbone.adapters = nn.Linear(2, 1)
    model.momentum_encoder = nn.ModuleDict({'backbone': nn.Linear(2, 2)})
    model.momentum_encoder['backbone'].adapters = nn.Linear(2, 1)
    found = fitted_encoder(model, wrapped(theirs))
    assert found.keys() == model.state_dict().keys()
    own = model.momentum_encoder['backbone'].adapters.weight
    assert torch.equal(found['momentum_encoder.backbone.adapters.weight'], own)


def test_an_encoder_that_is_frozen_now_has_no_momentum_copy():
    whole, model = Model(2), Model(2)
    for each, parts in ((whole, ('backbone', 'projector')), (model, ('projector',))):
        each.momentum_encoder = nn.ModuleDict({name: nn.Linear(2, 2) for name in parts})
    model.backbone = nn.ModuleDict({'encoder': model.backbone})
    found = wrapped(fitted_encoder(model, whole.state_dict()))
    assert {name.removeprefix('momentum_encoder.') for name in found if 'momentum' in name} == {
        'projector.weight',
        'projector.bias',
    }
    assert found.keys() == model.state_dict().keys()
