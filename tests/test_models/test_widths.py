"""Widths that a config leaves open, and wrong ones that it gives."""

import copy

import pytest
import torch
from mmpretrain.models import ResNet
from mmpretrain.registry import MODELS
from torch import nn

import ltcl.models  # noqa: F401 (registers the models)
from ltcl.errors import UserError
from ltcl.models.algorithms.widths import output_shape

GAP = dict(type='GlobalAveragePooling')
CIFAR = dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4)
TINY_VIT = dict(embed_dims=24, num_layers=1, num_heads=2, feedforward_channels=24)
VIT = dict(type='VisionTransformer', arch=TINY_VIT, img_size=32, patch_size=16)
TINY_SWIN = dict(embed_dims=12, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1])
ENCODERS = {
    'cifar': (CIFAR, GAP, 16),
    'grey': (CIFAR | dict(in_channels=1), GAP, 16),
    'resnet': (dict(type='ResNet', depth=18), GAP, 512),
    'frozen resnet': (dict(type='ResNet', depth=18, frozen_stages=2, norm_eval=True), GAP, 512),
    'early stage': (dict(type='ResNet', depth=18, out_indices=(1, 2)), GAP, 256),
    'neck with a width': (CIFAR, dict(type='LinearNeck', out_channels=7, gap_dim=2), 7),
    'vit': (VIT, None, 24),
    'wide images': (VIT | dict(img_size=(48, 96)), None, 24),
    'vit maps': (VIT | dict(out_type='featmap'), GAP, 24),
    'swin': (dict(type='SwinTransformer', arch=TINY_SWIN), GAP, 96),
    'convnext': (dict(type='ConvNeXt', arch=dict(depths=[1] * 4, channels=[4, 8, 12, 20])), None, 20),
}
PROJECTOR = dict(type='ltcl.Projector', out_channels=5)
PACO = dict(type='ltcl.PaCoHead', num_classes=3, queue_len=4)


def contrastive(backbone=CIFAR, neck=GAP, projector=PROJECTOR, head=PACO, **model) -> nn.Module:
    parts = dict(backbone=backbone, neck=neck, projector=projector, head=head, type='ltcl.ContrastiveClassifier')
    return MODELS.build(copy.deepcopy(parts | model))


@pytest.mark.parametrize('name', ENCODERS)
def test_parts_follow_the_encoder(name):
    backbone, neck, width = ENCODERS[name]
    model = contrastive(backbone, neck)
    assert model.head.in_channels == model.head.fc.in_features == width
    assert model.projector.layers[0].in_features == width
    assert model.head.queue.embeddings.shape == (4, 5)


def test_given_and_derived_widths_build_the_same_model():
    models = []
    for widths in ({}, dict(in_channels=16)):
        torch.manual_seed(0)
        head = PACO | widths | dict(feat_dim=5 if widths else None)
        models.append(contrastive(projector=PROJECTOR | widths, head=head, key_views=(1,)))
    for value, expected in zip(models[0].state_dict().values(), models[1].state_dict().values(), strict=True):
        assert torch.equal(value, expected)


@pytest.mark.parametrize('model', ['ltcl.Classifier', 'ltcl.FrozenEncoderClassifier'])
@pytest.mark.parametrize('head', ['LinearClsHead', 'ltcl.CosineClsHead', 'ltcl.LWSHead', 'ltcl.TauNormHead'])
@pytest.mark.parametrize('width', [{}, dict(in_channels=None), dict(in_channels=16)])
def test_classifiers_without_projector(model, head, width):
    built = MODELS.build(dict(type=model, backbone=CIFAR, neck=GAP, head=dict(type=head, num_classes=3, **width)))
    assert built.head.fc.in_features == 16
    assert built(torch.zeros(2, 3, 8, 8)).shape == (2, 3)


def test_width_and_classes_may_both_be_open():
    parts = dict(type='ltcl.Classifier', backbone=CIFAR, neck=GAP)
    known, late = (MODELS.build(dict(parts, head=dict(type='LinearClsHead', num_classes=n))) for n in (3, None))
    late.load_state_dict(known.state_dict())
    assert late.head.fc.weight.equal(known.head.fc.weight)


MISTAKES = {
    r'head\.in_channels=64, but the output of CifarResNet and GlobalAveragePooling has width 16: leave': (
        dict(head=PACO | dict(in_channels=64))
    ),
    r'model\.projector\.in_channels=64, but .* has width 16': dict(projector=PROJECTOR | dict(in_channels=64)),
    r'model\.head\.feat_dim=128, but the output of the projector has width 5: leave feat_dim out, or set 5': (
        dict(head=PACO | dict(feat_dim=128))
    ),
    r'model\.neck\.in_channels=3, but the output of CifarResNet has width 16': (
        dict(neck=dict(type='LinearNeck', in_channels=3, out_channels=7, gap_dim=2))
    ),
    r'the output of CifarResNet is 16x56x56, .* set model\.neck=dict\(type=.GlobalAveragePooling': dict(neck=None),
}


@pytest.mark.parametrize('message', MISTAKES)
def test_wrong_widths(message):
    with pytest.raises(UserError, match=message):
        contrastive(**MISTAKES[message])


class Unknowable(nn.Module):
    """A backbone that reads numbers, of which the meta device has none."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 16)

    def forward(self, images):
        rows = self.fc(images.mean((2, 3)))
        return (rows if rows.sum() > 0 else -rows,)


def test_a_width_that_cannot_be_told_is_asked_for():
    with pytest.raises(UserError, match=r'model\.head\.in_channels is open, .*: set model\.head\.in_channels'):
        contrastive(Unknowable(), None)
    widths = dict(in_channels=16)
    model = contrastive(Unknowable(), None, PROJECTOR | widths, PACO | widths)
    assert model(torch.zeros(2, 3, 8, 8)).shape == (2, 3)


def test_looking_at_the_output_leaves_no_trace():
    backbone = ResNet(18, frozen_stages=1, drop_path_rate=0.5)
    state = copy.deepcopy(backbone.state_dict())
    modes = [module.training for module in backbone.modules()]
    random = torch.get_rng_state()
    assert output_shape(backbone) == (1, 512, 7, 7)
    assert output_shape(backbone, nn.Dropout()) is None  # a neck that takes no tuple
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in backbone.modules()] == modes
    for name, value in backbone.state_dict().items():
        assert value.equal(state[name])
        assert not value.is_meta


class Shared(nn.Module):
    """A backbone with one layer in two places, a table that is no buffer, and images of a size of its own."""

    def __init__(self, img_size: int = 8):
        super().__init__()
        layer = nn.Linear(img_size, img_size)
        self.first, self.second = nn.Sequential(layer), nn.Sequential(layer)
        self.fc = nn.Linear(img_size, 16)
        self.table = torch.zeros(img_size)

    def train(self, mode: bool = True):
        super().train(mode)
        if not mode:
            self.made_for_evaluation = self.table + 1  # as the transformers do that look positions up

    def forward(self, images):
        table = self.table if self.training else self.made_for_evaluation
        return (self.fc(self.second(self.first(images.mean((1, 2)))) + table),)


@pytest.mark.parametrize('size', [{}, dict(img_size=12)])
def test_layers_in_two_places_and_tables_stay_where_they_are(size):
    name = 'SharedForWidths'
    MODELS.register_module(name=name, module=Shared, force=True)
    model = contrastive(dict(type=name, **size) if size else Shared(224), None)
    assert model.head.in_channels == 16
    assert not [name for name, value in model.state_dict().items() if value.is_meta]
    assert model.backbone.table.device.type == 'cpu'
    assert model(torch.zeros(2, 3, 8, size.get('img_size', 224))).shape == (2, 3)


class TwoRows(nn.Module):
    """A backbone with two rows of an image."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 16)

    def forward(self, images):
        rows = self.fc(images.mean((2, 3)))
        return ([rows, rows[:, :5]],)


def test_why_a_width_cannot_be_told():
    with pytest.raises(UserError, match=r'TwoRows fails .* several rows of an image, of widths 16 and 5'):
        contrastive(TwoRows(), None)
    with pytest.raises(UserError, match=r'Unknowable fails on an image of 224x224 px, .* backbone$'):
        contrastive(Unknowable(), None)
