import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ltcl.errors import UserError
from ltcl.models import CifarResNet, Projector
from ltcl.models.backbones.resnet_cifar import CifarBlock
from ltcl.registry import MODELS


def test_resnet32_of_the_recipes():
    model = CifarResNet(32)
    assert sum(parameter.numel() for parameter in model.parameters()) == 463504
    assert len(model.state_dict()) == 186
    (features,) = model(torch.randn(2, 3, 32, 32))
    assert tuple(features.shape) == (2, 64, 8, 8)
    assert model.out_channels == 64


def test_built_from_a_config_for_grey_images():
    model = MODELS.build(dict(type='ltcl.CifarResNet', depth=20, in_channels=1))
    (features,) = model(torch.randn(2, 1, 28, 28))
    assert tuple(features.shape) == (2, 64, 7, 7)
    assert len(model.layer1) == 3


@pytest.mark.parametrize('depth', [31, 18, 2])
def test_depth_must_be_6n_plus_2(depth):
    with pytest.raises(ValueError, match=rf'6n\+2 .* got {depth}'):
        CifarResNet(depth)


def test_shortcut_takes_every_second_pixel_and_pads_both_sides():
    block = CifarBlock(4, 8, stride=2)
    nn.init.zeros_(block.bn2.weight)  # only the shortcut is left
    images = torch.rand(2, 4, 6, 6)
    out = block(images)
    torch.testing.assert_close(out[:, 2:6], images[:, :, ::2, ::2])
    assert (out[:, :2] == 0).all()
    assert (out[:, 6:] == 0).all()


def test_block_by_hand():
    block = CifarBlock(3, 3, stride=1).eval()
    images = torch.randn(2, 3, 5, 5)
    hidden = F.relu(F.conv2d(images, block.conv1.weight, padding=1) / math.sqrt(1 + 1e-5))
    expected = F.relu(F.conv2d(hidden, block.conv2.weight, padding=1) / math.sqrt(1 + 1e-5) + images)
    torch.testing.assert_close(block(images), expected)


def test_published_initialisation():
    torch.manual_seed(0)
    model = CifarResNet(32)
    model.init_weights()
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.in_channels * 9
            assert module.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.15), name
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.bias == 0).all()


def layers_of(**kwargs) -> list[str]:
    return [type(layer).__name__ for layer in Projector(8, 4, **kwargs).layers]


def test_projectors_of_the_methods():
    assert layers_of(num_layers=2, norm_cfg=dict(type='BN1d')) == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    assert layers_of(num_layers=3) == ['Linear', 'ReLU', 'Linear', 'ReLU', 'Linear']
    assert layers_of(num_layers=3, act='GELU') == ['Linear', 'GELU', 'Linear', 'GELU', 'Linear']
    assert layers_of(num_layers=1) == ['Linear']


@pytest.mark.parametrize('number', [0, -2, 1.5])
def test_projectors_have_a_layer(number):
    with pytest.raises(UserError, match=f'Projector: num_layers={number} must be a whole number of at least 1'):
        Projector(8, 4, num_layers=number)


def test_projector_widths_and_no_normalisation():
    projector = MODELS.build(
        dict(type='ltcl.Projector', in_channels=8, out_channels=4, hidden_channels=6, num_layers=2)
    )
    assert [tuple(layer.weight.shape) for layer in projector.layers if hasattr(layer, 'weight')] == [(6, 8), (4, 6)]
    first, _, last = projector.layers
    feats = torch.randn(3, 8)
    torch.testing.assert_close(projector(feats), last(F.relu(first(feats))))


def test_depth_beside_blocks_is_refused():
    with pytest.raises(UserError, match=r'takes depth or num_blocks, got depth=20 and num_blocks=\(1, 1, 1\)'):
        CifarResNet(20, num_blocks=(1, 1, 1))
