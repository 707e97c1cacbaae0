"""Files of segmentation: pre-trained encoders, and the segmentors of the originals, of random weights."""

import re

import pytest
import torch
import torch.nn.functional as F
from fake_checkpoints import randomise
from mmengine.registry import MODELS, init_default_scope
from small_seg_config import CONFIGS, load_small, narrow_options
from torchvision.models import resnet18
from torchvision.models.swin_transformer import SwinTransformer

from ltcl.checkpoints.converting import to_ours, to_theirs
from ltcl.checkpoints.fitting import build_model, fit_to_model
from ltcl.checkpoints.verifying import output_statistics
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.models.decode_heads import simplex_etf

GENERATOR = torch.Generator().manual_seed(0)
WIDTH, DEPTHS, HEADS, WINDOW = 12, [2, 1, 3, 2], [1, 2, 3, 6], 2


def draw(*shape):
    return torch.randn(shape, generator=GENERATOR)


# Pre-trained encoders.


def torchvision_swin(**changes):
    kind = dict(embed_dim=WIDTH, depths=DEPTHS, num_heads=HEADS, window_size=[WINDOW, WINDOW], num_classes=5)
    return randomise(SwinTransformer(patch_size=[4, 4], **{**kind, **changes}))


def authors_file(net):
    """The same weights as the authors of Swin would store them."""
    state = {}
    for name, value in net.state_dict().items():
        name = name.replace('features.0.0', 'patch_embed.proj').replace('features.0.2', 'patch_embed.norm')
        name = name.replace('mlp.0', 'mlp.fc1').replace('mlp.3', 'mlp.fc2')
        if match := re.match(r'features\.(\d)\.', name):
            number = int(match[1])
            kind = 'blocks' if number % 2 else 'downsample'
            name = f'layers.{(number - 1) // 2}.{kind}.{name.removeprefix(match[0])}'
        if name.endswith('relative_position_index'):
            value = value.view(WINDOW**2, WINDOW**2)
        state[name] = value
    state['layers.0.blocks.1.attn_mask'] = torch.zeros(4, WINDOW**2, WINDOW**2)
    return dict(model=state)


def load_backbone(result, **kind):
    """mmseg's network with the converted weights."""
    init_default_scope('mmseg')
    backbone = MODELS.build(kind)
    assert result.is_encoder
    weights = {name.removeprefix('backbone.'): value for name, value in result.state_dict.items()}
    backbone.load_state_dict(weights, strict=True)
    backbone.eval()  # returns nothing here
    return backbone


@torch.no_grad()
def test_swin_of_torchvision_computes_the_same():
    net = torchvision_swin()
    result = to_ours(net.state_dict(), 'torchvision')
    sizes = dict(embed_dims=WIDTH, depths=DEPTHS, num_heads=HEADS, window_size=WINDOW)
    ours = load_backbone(result, type='SwinTransformer', **sizes)
    images = draw(2, 3, 128, 128)
    maps, expected = images, []
    for number, layer in enumerate(net.features):
        maps = layer(maps)
        if number % 2:
            expected.append(F.layer_norm(maps, maps.shape[-1:]).permute(0, 3, 1, 2))
    for actual, each in zip(ours(images), expected, strict=True):
        torch.testing.assert_close(actual, each, rtol=1e-4, atol=1e-4)
    assert set(result.left_out) == {'norm.weight', 'norm.bias', 'head.weight', 'head.bias'}
    assert {name.split('.')[1] for name in result.filled} == {'norm0', 'norm1', 'norm2', 'norm3'}


def test_swin_of_its_authors_is_the_same_network():
    net = torchvision_swin()
    file = authors_file(net)
    result = to_ours(file, 'swin')
    expected = to_ours(net.state_dict(), 'torchvision').state_dict
    assert result.state_dict.keys() == expected.keys()
    assert all(value.equal(expected[name]) for name, value in result.state_dict.items())
    assert 'layers.0.blocks.1.attn_mask' in result.left_out


@pytest.mark.parametrize('source', ['swin', 'torchvision'])
def test_swin_there_and_back(source):
    net = torchvision_swin()
    file = authors_file(net)['model'] if source == 'swin' else net.state_dict()
    back = to_theirs(to_ours(file, source).state_dict, source)
    kept = {name for name in file if not name.startswith(('norm.', 'head.')) and 'attn_mask' not in name}
    assert back.state_dict.keys() == kept
    assert all(value.equal(file[name]) for name, value in back.state_dict.items())


def test_other_swins_are_refused():
    file = authors_file(torchvision_swin())
    with pytest.raises(UserError, match='looks like a Swin of its authors, not BCL: use --from swin'):
        to_ours(file, 'bcl')
    del file['model']['layers.2.blocks.1.attn.qkv.bias']
    with pytest.raises(UserError, match=r'it lacks layers\.2\.blocks\.1\.attn\.qkv\.bias'):
        to_ours(file, 'swin')


def test_a_recipe_starts_from_a_converted_swin(seg_layout, tmp_path):
    (path,) = CONFIGS.glob('gpaco/gpaco_upernet-swin-tiny*')
    cfg = load_small(path, seg_layout('ade20k'), tmp_path)
    net = torchvision_swin(depths=[2] * 4, num_heads=[3, 6, 12, 24], window_size=[7, 7])
    result = to_ours(net.state_dict(), 'torchvision')
    torch.save(dict(meta={}, state_dict=result.state_dict), tmp_path / 'start.pth')
    cfg.load_from = str(tmp_path / 'start.pth')
    runner = Runner.from_cfg(cfg)
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.load_or_resume()
    for name, value in runner.model.state_dict().items():
        assert value.equal(result.state_dict[name] if name.startswith('backbone.') else before[name]), name
    del result.state_dict['backbone.stages.0.blocks.0.norm1.weight']
    torch.save(dict(meta={}, state_dict=result.state_dict), tmp_path / 'start.pth')
    with pytest.raises(UserError, match=r'missing backbone\.stages\.0\.blocks\.0\.norm1\.weight'):
        runner.load_checkpoint(cfg.load_from)


@torch.no_grad()
def test_resnet_of_torchvision_fits_the_plain_stem_only():
    net = randomise(resnet18())
    result = to_ours(net.state_dict(), 'torchvision', keep='encoder')
    ours = load_backbone(result, type='ResNet', depth=18, strides=(1, 2, 2, 2), dilations=(1,) * 4)
    images = draw(2, 3, 64, 64)
    net.avgpool = net.fc = torch.nn.Identity()
    torch.testing.assert_close(ours(images)[-1].flatten(1), net(images), rtol=1e-4, atol=1e-4)
    (path,) = CONFIGS.glob('cross_entropy/*-r18_*cityscapes*')
    with pytest.raises(UserError, match=r'missing backbone\.stem\.0\.weight'):
        fit_to_model(result, build_model(load_config(str(path))))


# Segmentors.


def segmentor(method, network):
    """A small recipe without what it starts from; its model only."""
    path = next(CONFIGS.glob(f'{method}/{method.replace("_", "-")}_{network}_*0k_*'))
    cfg = load_config(str(path))
    cfg.merge_from_dict(dict(narrow_options(cfg)))
    return cfg


def linear_state(name, rows, columns):
    return {f'{name}.weight': draw(rows, columns), f'{name}.bias': draw(rows)}


def norm_state(name, width):
    state = {f'{name}.{part}': draw(width) for part in ('weight', 'bias', 'running_mean')}
    return {**state, f'{name}.running_var': draw(width).exp(), f'{name}.num_batches_tracked': torch.tensor(3)}


def gpaco_state(width, num_classes):
    state = {f'mlp.{i}.conv.weight': draw(width, width, 1, 1) for i in (0, 1)}
    for i in (0, 1):
        state |= norm_state(f'mlp.{i}.bn', width)
    return {**state, 'mlp.2.weight': draw(128, width, 1, 1), 'mlp.2.bias': draw(128)}


def region_state(width, num_classes, simplex):
    state = {
        'reduce.0.weight': draw(128, width, 1, 1),
        **norm_state('reduce.1', 128),
        **linear_state('gain.0', 512, 128),
    }
    state |= linear_state('img_cls.1', num_classes, 512)
    if simplex:
        state['img_cls.1.weight'] = simplex_etf(torch.linalg.qr(draw(512, 512)).Q, num_classes)
        state['img_cls.1.bias'] = torch.zeros(num_classes)
    return {**state, 'weight': draw(1, num_classes).softmax(1)}


SEGMENTORS = {
    'gpaco': ('gpaco-seg', 'gpaco', 'upernet-swin-tiny', gpaco_state),
    'gpaco-deeplab': ('gpaco-seg', 'gpaco', 'deeplabv3plus-r18', gpaco_state),
    'region-rebalance': (
        'rr-seg',
        'region_rebalance',
        'upernet-swin-tiny',
        lambda width, num_classes: region_state(width, num_classes, simplex=False),
    ),
    'ceco': (
        'ceco-seg',
        'ceco',
        'upernet-swin-tiny',
        lambda width, num_classes: region_state(width, num_classes, simplex=True),
    ),
}


def original(name):
    """Stock network of a segmentor, its file, the converter's name and the config of ours."""
    source, method, network, branch_state = SEGMENTORS[name]
    cfg = segmentor(method, network)
    plain = cfg.model.to_dict()
    del plain['decode_head']['branches']
    for head in ('decode_head', 'auxiliary_head'):
        plain[head]['type'] = plain[head]['type'].replace('ltcl.Branched', '')
    init_default_scope('mmseg')
    stock = randomise(MODELS.build(plain))
    head = cfg.model.decode_head
    state = {f'decode_head.{name}': value for name, value in branch_state(head.channels, head.num_classes).items()}
    file = dict(meta=dict(iter=160000), state_dict={**stock.state_dict(), **state}, optimizer={})
    return stock, file, source, cfg


@pytest.mark.parametrize('name', SEGMENTORS)
@torch.no_grad()
def test_segmentor_there_and_back(name):
    stock, file, source, cfg = original(name)
    result = to_ours(file, source)
    model = build_model(cfg)
    fit_to_model(result, model)
    model.load_state_dict(result.state_dict, strict=True)
    images = draw(2, 3, 64, 64)
    assert model.eval()(images).equal(stock(images))
    assert output_statistics(model).outputs.shape == (16, cfg.model.decode_head.num_classes)
    back = to_theirs(model.state_dict(), source)
    dropped = {'decode_head.weight'} | ({'decode_head.img_cls.1.bias'} if source == 'ceco-seg' else set())
    theirs = file['state_dict']
    assert back.state_dict.keys() == theirs.keys() - dropped
    assert all(value.equal(theirs[key]) for key, value in back.state_dict.items())
    assert set(result.left_out) - {'meta', 'optimizer'} == dropped & theirs.keys()
    (counts,) = [key for key in result.filled if 'class_counts' in key]
    assert not result.state_dict[counts].any()  # then a branch reads the file that the config names


def test_segmentor_without_its_branch_fits_cross_entropy():
    stock, file, source, _ = original('gpaco')
    result = to_ours(file, source, keep='classifier')
    fit_to_model(result, build_model(segmentor('cross_entropy', 'upernet-swin-tiny')))
    assert result.state_dict.keys() == stock.state_dict().keys()


def test_files_of_another_method_are_refused():
    files = {name: original(name)[1] for name in ('gpaco', 'region-rebalance')}
    with pytest.raises(
        UserError, match='looks like GPaCo for segmentation, not Region Rebalance: use --from gpaco-seg'
    ):
        to_ours(files['gpaco'], 'rr-seg')
    with pytest.raises(UserError, match='no simplex, so it is not of CeCo: use --from rr-seg'):
        to_ours(files['region-rebalance'], 'ceco-seg')
    with pytest.raises(UserError, match=r'use --from (rr|ceco)-seg'):
        to_ours(files['region-rebalance'], 'gpaco')
    del files['gpaco']['state_dict']['decode_head.mlp.2.bias']
    with pytest.raises(UserError, match=r'it lacks decode_head\.mlp\.2\.bias'):
        to_ours(files['gpaco'], 'gpaco-seg')
