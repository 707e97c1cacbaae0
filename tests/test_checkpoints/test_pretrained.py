"""Weights of an init_cfg: files of all layouts by name, and those that do not fit."""

import copy
import re

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.models import ResNet, VisionTransformer
from toy import toy_config, write_images

from ltcl.checkpoints.pretrained import load_pretrained
from ltcl.engine import Runner
from ltcl.errors import UserError

WIDTH, LAYERS, PATCH = 16, 2, 8
ARCH = dict(embed_dims=WIDTH, num_layers=LAYERS, num_heads=2, feedforward_channels=32)
# What each layout calls the tensors of a vision transformer of mmpretrain.
BLOCK = {
    'timm': ('norm1', 'norm2', 'attn.qkv.', 'attn.proj', 'mlp.fc1', 'mlp.fc2'),
    'clip': ('ln_1', 'ln_2', 'attn.in_proj_', 'attn.out_proj', 'mlp.c_fc', 'mlp.c_proj'),
}
OURS = ('ln1', 'ln2', 'attn.qkv.', 'attn.proj', 'ffn.layers.0.0', 'ffn.layers.1')
STEM = {
    'timm': {'patch_embed.projection': 'patch_embed.proj', 'ln1': 'norm', 'layers': 'blocks'},
    'clip': {
        'patch_embed.projection': 'conv1',
        'pre_norm': 'ln_pre',
        'ln1': 'ln_post',
        'layers': 'transformer.resblocks',
        'cls_token': 'class_embedding',
        'pos_embed': 'positional_embedding',
    },
}


def vit(**kwargs) -> VisionTransformer:
    torch.manual_seed(len(kwargs))
    network = VisionTransformer(ARCH, img_size=32, patch_size=PATCH, **kwargs)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    return network


def theirs(network: VisionTransformer, layout: str) -> dict[str, torch.Tensor]:
    """The state of a network by the names of an original."""
    state = {}
    for name, value in network.state_dict().items():
        if match := re.fullmatch(r'layers\.(\d+)\.(.+)', name):
            inner = match[2].replace('attn.gamma1.weight', 'ls1.gamma').replace('ffn.gamma2.weight', 'ls2.gamma')
            for ours, other in zip(OURS, BLOCK[layout], strict=True):
                inner = re.sub(rf'^{re.escape(ours)}', other, inner)
            state[f'{STEM[layout]["layers"]}.{match[1]}.{inner}'] = value
        else:
            stem = next((ours for ours in STEM[layout] if name.startswith(ours)), name)
            state[name.replace(stem, STEM[layout].get(stem, stem))] = value
    return state


def dinov2(network):
    return theirs(network, 'timm') | {'mask_token': torch.zeros(1, WIDTH)}


def clip(network):
    state = theirs(network, 'clip')
    state['class_embedding'] = state['class_embedding'].flatten()
    state['positional_embedding'] = state['positional_embedding'][0]
    text = {'token_embedding.weight': torch.zeros(3, 3), 'transformer.resblocks.0.ln_1.weight': torch.zeros(3)}
    return {f'visual.{name}': value for name, value in state.items()} | {'visual.proj': torch.zeros(3, 3)} | text


def mae(network):
    state = theirs(network, 'timm')
    del state['ln2.weight'], state['ln2.bias']
    others = {'norm.weight': torch.zeros(WIDTH), 'mask_token': torch.zeros(1), 'decoder_embed.bias': torch.zeros(1)}
    return dict(model=state | others)


def timm_file(network):
    return theirs(network, 'timm') | {'head.weight': torch.zeros(3, WIDTH), 'head.bias': torch.zeros(3)}


def mmpretrain_file(network):
    state = {f'backbone.{name}': value for name, value in network.state_dict().items()}
    return dict(meta={}, state_dict=state | {'head.fc.weight': torch.zeros(3, WIDTH)})


def teacher_and_student(network):
    """As the training of DINO and DINOv2 saves them."""
    teacher = {f'module.backbone.{name}': value for name, value in theirs(network, 'timm').items()}
    student = {name: torch.zeros_like(value) for name, value in teacher.items()}
    return dict(student=student, teacher=teacher | {'module.head.mlp.0.weight': torch.zeros(3, WIDTH)}, epoch=3)


LAYOUTS = {
    'teacher and student': (teacher_and_student, {}),
    'average': (lambda network: dict(model_ema=theirs(network, 'timm'), epoch=3), {}),
    'dinov2': (dinov2, dict(layer_scale_init_value=1e-5)),
    'clip': (clip, dict(pre_norm=True)),
    'mae': (mae, dict(out_type='avg_featmap', final_norm=False)),
    'timm': (timm_file, {}),
    'mmpretrain': (mmpretrain_file, {}),
    'data parallel': (lambda network: {f'module.{name}': value for name, value in timm_file(network).items()}, {}),
}


def saved(content, tmp_path) -> str:
    torch.save(content, tmp_path / 'weights.pth')
    return str(tmp_path / 'weights.pth')


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_vision_transformer_takes_files_of_all_layouts(layout, tmp_path):
    content, options = LAYOUTS[layout]
    source, network = vit(**options), vit(**options)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    load_pretrained(network, saved(content(source), tmp_path))
    is_new = [name for name in network.state_dict() if layout == 'mae' and name.startswith('ln2.')]
    for name, value in network.state_dict().items():
        assert torch.equal(value, source.state_dict()[name]) != (name in is_new), name


def test_position_embeddings_of_another_size(tmp_path):
    source = vit()
    network = VisionTransformer(ARCH, img_size=48, patch_size=PATCH)
    load_pretrained(network, saved(timm_file(source), tmp_path))
    assert network.pos_embed.shape == (1, 37, WIDTH)
    torch.testing.assert_close(network.pos_embed[:, 0], source.pos_embed[:, 0])
    assert torch.equal(network.layers[1].ffn.layers[1].weight, source.layers[1].ffn.layers[1].weight)


def resnet(depth=18, **kwargs) -> ResNet:
    return ResNet(depth, stem_channels=4, base_channels=4, **kwargs)


def test_a_classifier_is_left_out_and_counters_may_be_missing(tmp_path):
    source, network = resnet(), resnet()
    state = {name: value for name, value in source.state_dict().items() if 'num_batches' not in name}
    state.update({'fc.weight': torch.zeros(7, 32), 'fc.bias': torch.zeros(7)})  # torchvision's names are mmpretrain's
    load_pretrained(network, saved(state, tmp_path))
    assert torch.equal(network.layer4[1].conv2.weight, source.layer4[1].conv2.weight)


def test_the_first_stages_of_a_file(tmp_path):
    stages = dict(num_stages=3, out_indices=(2,), strides=(1, 2, 2), dilations=(1, 1, 1))
    source, network = resnet(), resnet(**stages)
    load_pretrained(network, saved(source.state_dict(), tmp_path))
    theirs = source.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in network.state_dict().items())


def test_colours_for_a_network_of_grey_images(tmp_path):
    source, network = resnet(), resnet(in_channels=1)
    source.eval()
    network.eval()
    load_pretrained(network, saved(source.state_dict(), tmp_path))
    grey = torch.randn(1, 1, 32, 32)
    torch.testing.assert_close(network(grey)[0], source(grey.expand(1, 3, 32, 32))[0], rtol=1e-4, atol=1e-5)


def test_a_prefix(tmp_path):
    path = saved({f'student.{name}': value for name, value in resnet().state_dict().items()}, tmp_path)
    load_pretrained(resnet(), path, prefix='student.')
    with pytest.raises(UserError, match=r'no name that begins with teacher\., .*student\.'):
        load_pretrained(resnet(), path, prefix='teacher.')


MISFITS = {
    'a vision transformer': (lambda: vit().state_dict(), r'0 of its \d+ tensors do: missing bn1\.bias'),
    'a deeper one': (lambda: resnet(34).state_dict(), r'unknown layer1\.2\.bn1\.bias'),
    'a shallower one': (lambda: resnet().state_dict() | {'layer4.1.conv2.weight': None}, r'missing layer4\.1\.conv2'),
    'a wider one': (lambda: ResNet(18, stem_channels=4, base_channels=8).state_dict(), 'has shape'),
    'the classifier alone': (lambda: {'fc.weight': torch.zeros(3, 3)}, r'0 of its 1 tensors do: missing'),
}


@pytest.mark.parametrize('kind', MISFITS)
def test_weights_that_do_not_fit(kind, tmp_path):
    content, message = MISFITS[kind]
    state = {name: value for name, value in content().items() if value is not None}
    network = resnet()
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(UserError, match=f'weights.pth does not fit ResNet, .*{message}'):
        load_pretrained(network, saved(state, tmp_path))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_weights_that_are_not_finite(tmp_path):
    state = resnet().state_dict() | {'fc.weight': torch.full((3, 3), torch.nan)}
    load_pretrained(resnet(), saved(state, tmp_path))  # what is left out is not looked at
    state['layer4.1.bn2.running_var'][0] = torch.inf
    network = resnet()
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(UserError, match=r'weights.pth has numbers that are not finite, in layer4\.1\.bn2\.running_var'):
        load_pretrained(network, saved(state, tmp_path))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_vision_transformer_of_another_width(tmp_path):
    wide = VisionTransformer(ARCH | dict(embed_dims=24), img_size=32, patch_size=PATCH)
    with pytest.raises(UserError, match='does not fit VisionTransformer'):
        load_pretrained(vit(), saved(wide.state_dict(), tmp_path))


def test_a_run_stops_before_it_trains(tmp_path):
    cfg = toy_config(write_images(tmp_path / 'images'), tmp_path / 'run', 'cross_entropy')
    checkpoint = saved(dinov2(vit()), tmp_path)
    cfg.model.backbone = dict(type='ResNet', depth=18, init_cfg=dict(type='Pretrained', checkpoint=checkpoint))
    cfg.model.head.in_channels = 512
    with pytest.raises(UserError, match=r'does not fit ResNet, 0 of its \d+ tensors do'):
        Runner.from_cfg(cfg).train()


def test_a_run_that_goes_on_needs_no_weights_anew(tmp_path):
    images = write_images(tmp_path / 'images')
    backbone = toy_config(images, tmp_path / 'run').model.backbone
    checkpoint = saved(MODELS.build(copy.deepcopy(backbone)).state_dict(), tmp_path)
    init_cfg = dict(type='Pretrained', checkpoint=checkpoint)
    changes = dict(model__backbone__init_cfg=init_cfg, train_cfg__max_epochs=2, train_cfg__val_interval=2)
    Runner.from_cfg(toy_config(images, tmp_path / 'run', 'cross_entropy', **changes)).train()
    (tmp_path / 'weights.pth').unlink()
    changes |= dict(train_cfg__max_epochs=3, resume='auto')
    Runner.from_cfg(toy_config(images, tmp_path / 'run', 'cross_entropy', **changes)).train()
    with pytest.raises(UserError, match='does not exist'):
        Runner.from_cfg(toy_config(images, tmp_path / 'new', 'cross_entropy', **changes | dict(resume=False))).train()
