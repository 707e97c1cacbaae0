"""Backbones of which a part is trained: what gets gradients, what adapters compute, what a checkpoint holds."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmengine.runner.checkpoint import get_state_dict
from mmengine.runner.checkpoint import load_state_dict as load_as_mmengine

import ltcl.models  # noqa: F401 (registers the models)
from ltcl.errors import UserError
from ltcl.models.algorithms.widths import output_shape
from ltcl.models.backbones.blocks import block_numbers
from ltcl.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32)
VIT = dict(type='VisionTransformer', arch=ARCH, img_size=16, patch_size=8)
RESNET = dict(type='ltcl.CifarResNet', num_blocks=(1, 2, 1), base_channels=4)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def timm_cfg(name: str) -> dict:
    pytest.importorskip('timm', reason="timm is not installed: pip install 'ltcl[timm]'")
    return dict(type='ltcl.TimmBackbone', model_name=name)


def last(encoder: dict, blocks: int):
    return MODELS.build(dict(type='ltcl.LastBlocks', encoder=encoder, blocks=blocks))


def adapted(encoder: dict, **adapter):
    return MODELS.build(dict(type='ltcl.AdaptedBackbone', encoder=encoder, adapter=dict(adapter)))


def images(size: int = 16) -> torch.Tensor:
    return torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(0))


def stepped(backbone, size: int = 16):
    """Names of the parameters that get a gradient other than zero, without the wrapper's word."""
    backbone.train()
    sum(output.square().sum() for output in backbone(images(size))).backward()
    named = ((name.removeprefix('encoder.'), each.grad) for name, each in backbone.named_parameters())
    return {name for name, gradient in named if gradient is not None}


NUMBERS = {
    'VisionTransformer': (VIT, 3, 'patch_embed.projection.weight', 'ln1.weight'),
    'CifarResNet': (RESNET, 4, 'bn1.weight', 'layer3.0.bn2.weight'),
    'ResNet': (dict(type='ResNet', depth=18, base_channels=4, stem_channels=4), 8, 'bn1.bias', 'layer4.1.bn2.bias'),
    'SwinTransformer': (
        dict(type='SwinTransformer', arch=dict(embed_dims=8, depths=[2, 2, 3, 2], num_heads=[2] * 4), img_size=32),
        9,
        'patch_embed.norm.weight',
        'norm3.weight',
    ),
    'test_vit': ('test_vit', 6, 'network.pos_embed', 'network.norm.weight'),
    'test_efficientnet': ('test_efficientnet', 5, 'network.conv_stem.weight', 'network.bn2.weight'),
    'test_resnet': ('test_resnet', 4, 'network.bn1.weight', 'network.layer4.0.conv1.weight'),
}


@pytest.mark.parametrize('name', NUMBERS)
def test_blocks_are_told_of_every_kind(name):
    cfg, total, before, behind = NUMBERS[name]
    backbone = MODELS.build(timm_cfg(cfg) if isinstance(cfg, str) else cfg)
    numbers = block_numbers(backbone)
    assert numbers.keys() == {name for name, _ in backbone.named_parameters()}
    assert set(numbers.values()) == set(range(total + 1))
    assert (numbers[before], numbers[behind]) == (0, total)


@pytest.mark.parametrize('blocks', [1, 3])
def test_the_last_layers_of_a_transformer_are_trained(blocks):
    trained = stepped(last(VIT, blocks))
    plain = [name for name, _ in MODELS.build(VIT).named_parameters()]
    kept = tuple(f'layers.{number}.' for number in range(3 - blocks, 3))
    assert trained == {name for name in plain if name.startswith((*kept, 'ln1'))}


def test_the_last_blocks_of_a_residual_network_are_trained():
    backbone = last(RESNET, 2)
    before = copy.deepcopy(backbone.state_dict())
    trained = stepped(backbone)
    assert {name.rpartition('.')[0].rpartition('.')[0] for name in trained} <= {
        'layer2.1',
        'layer3.0',
        'layer3.0.downsample',
    }
    after = backbone.state_dict()
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    assert {name.split('.')[0] for name in moved} == {'layer2', 'layer3'}  # running statistics
    assert not [name for name in moved if name.startswith('layer2.0')]
    assert not backbone.encoder.bn1.training
    assert backbone.encoder.layer3[0].bn1.training
    assert not backbone.eval().encoder.layer3[0].bn1.training


def test_a_network_of_timm():
    trained = stepped(last(timm_cfg('test_efficientnet'), 1), 32)
    assert {name.split('.')[1] for name in trained} == {'blocks', 'conv_head', 'bn2'}
    assert {name.split('.')[2] for name in trained if '.blocks.' in name} == {'4'}


ADAPTERS = {
    'lora': dict(type='ltcl.LoRA', rank=2, alpha=6, layers=('qkv', 'proj', 'mlp')),
    'bottleneck': dict(type='ltcl.Bottleneck', width=3),
}


@pytest.mark.parametrize('name', ADAPTERS)
@pytest.mark.parametrize('kind', ['mmpretrain', 'timm'])
def test_adapters_start_as_the_pretrained_network(name, kind):
    encoder, size = (VIT, 16) if kind == 'mmpretrain' else (timm_cfg('test_vit') | dict(img_size=32), 32)
    plain = MODELS.build(encoder)
    plain.eval()
    backbone = adapted(encoder, **ADAPTERS[name])
    backbone.load_state_dict(plain.state_dict(), strict=False)
    backbone.train()  # nothing is dropped in what is frozen
    expected = plain(images(size))[-1]
    assert torch.equal(backbone(images(size))[-1], expected)
    assert output_shape(backbone) == (1, *expected.shape[1:])
    trained = stepped(backbone, size)
    assert trained == {name for name, _ in backbone.named_parameters() if name.startswith('adapters.')}
    assert len(backbone.adapters) == {'lora': 4, 'bottleneck': 1}[name] * (3 if kind == 'mmpretrain' else 6)
    # The copy of a momentum encoder has adapters of its own.
    other = copy.deepcopy(backbone)
    for each in other.adapters.values():
        torch.nn.init.normal_(each.up.weight)
    assert not torch.allclose(other(images(size))[-1], expected)
    assert torch.equal(backbone(images(size))[-1], expected)


def test_what_adapters_add():
    rows = images()[:, :, 0]  # (4, 3, 16): any leading shape
    for name, place in (('lora', 'layers.0.attn.qkv'), ('bottleneck', 'layers.0.ffn')):
        backbone = adapted(VIT, **ADAPTERS[name])
        adapter = backbone.adapters[place.replace('.', '_')]
        torch.nn.init.normal_(adapter.up.weight)
        layer = backbone.encoder.get_submodule(place)
        if name == 'lora':  # alpha / rank is 3
            expected = F.linear(rows, layer.weight + 3 * adapter.up.weight @ adapter.down.weight, layer.bias)
        else:
            narrow = F.linear(F.linear(rows, adapter.down.weight).relu(), adapter.up.weight)
            expected = rows + layer.layers(rows) + 0.1 * narrow
        torch.testing.assert_close(layer(rows), expected)


def test_a_checkpoint_has_the_names_of_the_network():
    plain = MODELS.build(RESNET)
    backbone = last(RESNET, 1)
    assert list(backbone.state_dict()) == list(plain.state_dict())
    assert list(get_state_dict(backbone)) == list(plain.state_dict())
    backbone.load_state_dict(plain.state_dict())
    assert torch.equal(backbone.encoder.conv1.weight, plain.conv1.weight)
    holder, other = torch.nn.ModuleDict(dict(backbone=backbone)), torch.nn.ModuleDict(dict(backbone=last(RESNET, 2)))
    load_as_mmengine(other, holder.state_dict(), strict=True)
    assert torch.equal(other['backbone'].encoder.conv1.weight, plain.conv1.weight)
    backbone = adapted(VIT, **ADAPTERS['lora'])
    names = set(MODELS.build(VIT).state_dict())
    assert {name for name in backbone.state_dict() if not name.startswith('adapters.')} == names
    other = adapted(VIT, **ADAPTERS['lora'])
    other.load_state_dict(backbone.state_dict())
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in backbone.state_dict().items())


def test_pretrained_weights_come_into_the_encoder(tmp_path):
    plain = MODELS.build(VIT)
    plain.init_weights()
    torch.save(plain.state_dict(), tmp_path / 'vit.pth')
    weights = dict(type='Pretrained', checkpoint=str(tmp_path / 'vit.pth'))
    backbone = adapted({**VIT, 'init_cfg': weights}, **ADAPTERS['lora'])
    backbone.init_weights()
    plain.eval()
    assert torch.equal(backbone(images())[-1], plain(images())[-1])


def test_depths_of_layers_are_those_of_the_encoder():
    encoder = MODELS.build(VIT)
    backbone = last(VIT, 1)
    for name in ('backbone.layers.1.ln1.weight', 'backbone.cls_token', 'head.fc.weight'):
        inside = name.replace('backbone.', 'backbone.encoder.')
        assert backbone.get_layer_depth(inside, 'backbone.') == encoder.get_layer_depth(name, 'backbone.')


MISTAKES = {
    r'last 5: CifarResNet has 4 blocks: name at most 4, or tune it in full': lambda: last(RESNET, 5),
    r'last 1: LeNet5 has no blocks that ltcl can tell': lambda: last(dict(type='LeNet5'), 1),
    r'ltcl\.LastBlocks: blocks=0 must be a whole number of at least 1': lambda: last(RESNET, 0),
    r'CifarResNet has no attention .* `--tune last N` or `--tune full`': lambda: adapted(RESNET, type='ltcl.LoRA'),
    r"layers of ltcl\.LoRA must be one of qkv, proj, mlp, got 'fc'": lambda: adapted(
        VIT, type='ltcl.LoRA', layers=['fc']
    ),
    r'no linear layer \(none is named\)': lambda: adapted(VIT, type='ltcl.LoRA', layers=[]),
    r'ltcl\.LoRA: rank=0 must be a whole number of at least 1': lambda: adapted(VIT, type='ltcl.LoRA', rank=0),
    r'ltcl\.Bottleneck: width=2\.5 must be a whole number': lambda: adapted(VIT, type='ltcl.Bottleneck', width=2.5),
    # BEiT adds a bias of its own to the product with the weights of qkv.
    r'cannot stand beside layers_0_attn_qkv of BEiTViT, .* model\.backbone\.adapter\.layers=proj,mlp': lambda: adapted(
        dict(type='BEiTViT', arch={**ARCH, 'num_layers': 3}, img_size=16, patch_size=8), type='ltcl.LoRA'
    ),
}


@pytest.mark.parametrize('message', MISTAKES)
def test_mistakes(message):
    with pytest.raises(UserError, match=message):
        MISTAKES[message]()
