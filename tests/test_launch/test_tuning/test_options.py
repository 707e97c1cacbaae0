"""``--tune``: what a config becomes, which rates its optimizer has, and that a run trains what was asked for."""

import argparse
import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample
from processes import run_processes
from resume_checks import assert_same_state, train
from shipped_configs import CONFIGS
from torch.nn.parallel import DistributedDataParallel
from toy import METHODS, toy_config, write_images

from ltcl import LongTailClassifier
from ltcl.cli.parser import ArgumentParser
from ltcl.cli.train import options
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain, load_config, set_options
from ltcl.launch.backbone_option import apply_backbone, set_backbone
from ltcl.launch.contract import check_contract
from ltcl.launch.parts import check_parts
from ltcl.launch.tuning import apply_tuning
from ltcl.launch.tuning.full import DECAY, ENCODER_RATE
from ltcl.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
VIT = dict(type='VisionTransformer', arch=ARCH, img_size=16, patch_size=8)
OWN = CONFIGS / 'custom/balanced-softmax_resnet50_1xb32-100e_own-images.py'
STAGE2 = CONFIGS / 'stage2/linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'
RATE = 0.05  # of tests/toy.py


@pytest.fixture(autouse=True)
def packages():
    import_mmpretrain()
    init_default_scope('mmpretrain')


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('data'))


def tune(cfg: Config, words: str, **given) -> Config:
    defaults = dict(scratch=True, cfg_options={}, resume=None, head=None, views=None)
    return apply_tuning(cfg, argparse.Namespace(**(defaults | dict(tune=words.split() or None) | given)))


def toy(images, tmp_path, method: str, words: str, vit: bool = False, **changes) -> Config:
    cfg = toy_config(images, tmp_path, method, **changes)
    if vit:
        cfg.model.backbone, cfg.model.neck = VIT, None
    return tune(cfg, words)


def parsed(*words: str) -> argparse.Namespace:
    parser = ArgumentParser()
    options(parser)
    return parser.parse_args(['config.py', *words])


def test_words_of_the_option(capsys):
    assert parsed('--tune', 'last', '2').tune == ['last', '2']
    for words in ('last', 'last 0', 'last two', 'lora 2', 'all', 'full config.py'):
        with pytest.raises(SystemExit):
            parsed('--tune', *words.split())
        expected = f'--tune takes frozen, lora, last N (the last N blocks) or full, got {words}; the config stands'
        assert expected in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parsed('--tune', 'frozen', '--head', 'round')
    assert "invalid choice: 'round'" in capsys.readouterr().err


def test_what_a_config_becomes(images, tmp_path):
    cfg = toy(images, tmp_path, 'paco', 'last 2')
    assert (cfg.model.backbone.type, cfg.model.backbone.blocks) == ('ltcl.LastBlocks', 2)
    assert cfg.model.backbone.encoder == METHOD_BACKBONE
    tune(cfg, 'lora')
    assert cfg.model.backbone.encoder == METHOD_BACKBONE  # in the place of the other way
    assert cfg.model.backbone.adapter == dict(type='ltcl.LoRA', rank=8, alpha=16, layers=['qkv', 'proj'])
    options = {'model.backbone.adapter.layers': 'proj,mlp', 'model.backbone.adapter.rank': '4'}
    adapter = set_options(copy.deepcopy(cfg), options).model.backbone.adapter
    assert (adapter.layers, adapter.rank) == (['proj', 'mlp'], 4)
    options = {'model.backbone.adapter': "dict(_delete_=True, type='ltcl.Bottleneck', width=32)"}
    adapter = set_options(copy.deepcopy(cfg), options).model.backbone.adapter
    assert adapter == dict(type='ltcl.Bottleneck', width=32)
    assert cfg.optim_wrapper.constructor == 'ltcl.TrainedOnly'
    tune(cfg, 'full')
    assert cfg.model.backbone == METHOD_BACKBONE
    cfg.model.backbone.frozen_stages = 2
    cfg.model.frozen = ['layer1']
    assert 'frozen_stages' not in tune(cfg, 'last 1').model.backbone.encoder
    assert cfg.model.frozen == ()


METHOD_BACKBONE = dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4)


def test_frozen_features_and_their_options(images, tmp_path):
    cfg = tune(toy_config(images, tmp_path, 'cross_entropy'), 'frozen', head='cosine', views=3)
    assert cfg.model.backbone.type == 'ltcl.FrozenBackbone'
    assert cfg.model.head.type == 'ltcl.CosineClsHead'
    assert cfg.train_dataloader.dataset['views'] == 3


def test_a_checkpoint_to_start_from(images, tmp_path):
    cfg = toy(images, tmp_path, 'paco', 'lora', load_from='stage1.pth')
    weights = dict(type='Pretrained', checkpoint='stage1.pth', prefix='backbone.')
    assert (cfg.load_from, cfg.model.backbone.encoder.init_cfg) == (None, weights)
    cfg = toy(images, tmp_path, 'paco', 'last 1', load_from='stage1.pth')
    assert cfg.load_from == 'stage1.pth'  # all its names fit


def test_another_backbone_is_tuned_in_the_same_way(tmp_path):
    pytest.importorskip('timm', reason="timm is not installed: pip install 'ltcl[timm]'")
    cfg = load_config(CONFIGS / 'finetune/lift_vit-base-clip_1xb128-5e_places-lt.py')
    set_backbone(cfg, 'test_vit', scratch=True)
    assert cfg.model.backbone.type == 'ltcl.AdaptedBackbone'
    assert cfg.model.backbone.encoder == dict(type='ltcl.TimmBackbone', model_name='test_vit.r160_in1k', img_size=224)
    (tmp_path / 'clip.pth').touch()
    arguments = dict(backbone=None, weights=str(tmp_path / 'clip.pth'), scratch=False, image_size=None)
    cfg = apply_backbone(cfg, argparse.Namespace(**arguments))
    assert cfg.model.backbone.encoder.init_cfg.checkpoint == str(tmp_path / 'clip.pth')
    cfg = load_config(CONFIGS / 'finetune/frozen_efficientnet-lite0_1xb32-20e_own-images.py')
    set_backbone(cfg, 'test_efficientnet', scratch=True)
    assert (cfg.model.backbone.type, cfg.model.neck.type) == ('ltcl.FrozenBackbone', 'ltcl.FeatureMLP')
    assert cfg.model.backbone.encoder.model_name.startswith('test_efficientnet')


MISTAKES = {
    '--head and --views are for --tune frozen': dict(words='lora', head='linear'),
    'for --tune frozen: add it, or take them out': dict(words='', views=2),
    '--views 0 must be at least 1': dict(words='frozen', views=0),
    '--tune last 2 keeps weights, .* --backbone NAME or --weights FILE': dict(words='last 2', scratch=False),
    '--tune lora: ltcl.FrozenEncoderClassifier trains the head only': dict(words='lora', config=STAGE2),
    '--tune is for configs of classifiers': dict(
        words='full', config=CONFIGS / 'seg/gpaco/gpaco_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py'
    ),
}


@pytest.mark.parametrize('message', MISTAKES)
def test_mistakes(message):
    given = dict(MISTAKES[message])
    cfg = load_config(given.pop('config', OWN), with_imports=False)
    with pytest.raises(UserError, match=message):
        tune(cfg, given.pop('words'), **given)


def test_features_cannot_be_tuned(images, tmp_path):
    cfg = tune(toy_config(images, tmp_path, 'cross_entropy'), 'frozen')
    with pytest.raises(UserError, match='--tune full: the config trains a head on frozen features: name the one'):
        tune(cfg, 'full')


def optimizer_of(cfg: Config):
    model = MODELS.build(cfg.model)
    return model, build_optim_wrapper(model, cfg.optim_wrapper).optimizer


def rates_of(model, optimizer) -> dict[str, float]:
    """Learning rate of every parameter of the optimizer by name."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(each)]: group['lr'] for group in optimizer.param_groups for each in group['params']}


def test_rates_of_a_residual_network(images, tmp_path):
    cfg = toy(images, tmp_path, 'paco', 'full')
    model, optimizer = optimizer_of(cfg)
    rates = rates_of(model, optimizer)
    assert rates.keys() == {name for name, each in model.named_parameters() if each.requires_grad}
    expected = {'backbone': RATE * ENCODER_RATE, 'projector': RATE, 'head': RATE}
    assert all(rate == expected[name.split('.')[0]] for name, rate in rates.items())
    assert len(optimizer.param_groups) == 2
    assert {group['weight_decay'] for group in optimizer.param_groups} == {5e-4}


def test_rates_fall_from_layer_to_layer_of_a_transformer(images, tmp_path):
    cfg = toy(images, tmp_path, 'gpaco', 'lora', vit=True)
    rates = rates_of(*optimizer_of(tune(cfg, 'full')))
    # Two layers: the head has depth 3 of 0..3, the patch embedding 0.
    expected = {
        'backbone.patch_embed.projection.weight': RATE * DECAY**3,
        'backbone.layers.0.attn.qkv.weight': RATE * DECAY**2,
        'backbone.layers.1.ffn.layers.1.bias': RATE * DECAY,
        'head.fc.weight': RATE,
        'projector.layers.0.weight': RATE,
    }
    found = {name: rate for name, rate in rates.items() if name in expected}
    assert len(found) >= 4
    assert found == pytest.approx({name: expected[name] for name in found})


def test_rates_that_a_config_names_stay(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy')
    cfg.optim_wrapper.paramwise_cfg = dict(custom_keys={'backbone': dict(lr_mult=0.3)}, norm_decay_mult=0.0)
    rates = rates_of(*optimizer_of(tune(cfg, 'full')))
    assert set(rates.values()) == {RATE, 0.3 * RATE}


def test_rates_that_a_config_names_for_a_transformer_stay(images, tmp_path):
    cfg = toy(images, tmp_path, 'gpaco', 'lora', vit=True)
    cfg.optim_wrapper.paramwise_cfg = dict(custom_keys={'head.fc': dict(lr_mult=0.3)})
    rates = rates_of(*optimizer_of(tune(cfg, 'full')))
    assert rates['head.fc.weight'] == pytest.approx(0.3 * RATE)
    assert rates['projector.layers.0.weight'] == RATE
    assert {rate for name, rate in rates.items() if name.startswith('backbone.')} == {RATE * ENCODER_RATE}


@pytest.mark.parametrize(('words', 'vit'), [('last 1', False), ('last 1', True), ('lora', True)])
def test_the_optimizer_has_what_is_trained(images, tmp_path, words, vit):
    model, optimizer = optimizer_of(toy(images, tmp_path, 'paco', words, vit))
    trained = {name for name, each in model.named_parameters() if each.requires_grad}
    assert rates_of(model, optimizer).keys() == trained
    in_backbone = {name.removeprefix('backbone.') for name in trained if name.startswith('backbone.')}
    kept = {'lora': ('adapters.',), 'last 1': ('encoder.layers.1.', 'encoder.ln1.') if vit else ('encoder.layer3.',)}
    assert in_backbone
    assert all(name.startswith(kept[words]) for name in in_backbone)
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize(('words', 'vit'), [('last 1', False), ('lora', True), ('full', True)])
@pytest.mark.parametrize('method', METHODS)
def test_every_method_takes_it(images, tmp_path, method, words, vit):
    cfg = toy(images, tmp_path, method, words, vit)
    check_parts(cfg)
    check_contract(cfg)
    model = MODELS.build(cfg.model)
    assert any(each.requires_grad for each in model.backbone.parameters())
    momentum = getattr(model, 'momentum_encoder', {})
    assert not [name for name, each in momentum.items() for each in each.parameters() if each.requires_grad]


class Start(Hook):
    """Keeps the tensors with which the training starts."""

    def before_train(self, runner: Runner) -> None:
        self.tensors = copy.deepcopy(runner.model.state_dict())


RUNS = {'last 1': ('paco', False, 'backbone.layer3.'), 'lora': ('gpaco', True, 'backbone.adapters.')}


@pytest.mark.parametrize('words', RUNS)
def test_a_run_resumes_and_its_checkpoint_suffices_to_predict(images, tmp_path, words):
    method, vit, trained = RUNS[words]
    length = dict(train_cfg__max_epochs=2, train_cfg__val_interval=2)

    def config(name: str, **changes: object) -> Config:
        return toy(images, tmp_path / name, method, words, vit, **length, **changes)

    start, whole = Start(), Runner.from_cfg(config('whole'))
    whole.register_hook(start)
    whole.train()
    state = whole.model.state_dict()
    moved = {name for name, value in state.items() if not torch.equal(value, start.tensors[name])}
    in_backbone = {name for name in moved if name.startswith('backbone.')}
    assert in_backbone == {name for name in state if name.startswith(trained)}
    with pytest.raises(TrainingStopped):
        train(config('parts'), stop_at=6)
    assert_same_state(train(config('parts', resume=True)), whole)

    classifier = LongTailClassifier.load(tmp_path / 'whole', device='cpu')
    loaded = classifier.model.state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in state.items())
    right = sum(each.classes[0] in each.path for each in classifier.predict(images))
    assert 100 * right / 40 == pytest.approx(whole.message_hub.get_scalar('val/shot/all').current(), abs=1e-4)


def two_steps(rank: int, images: str, work_dir: str) -> None:
    import_mmpretrain()
    init_default_scope('mmpretrain')
    for words, (method, vit, _) in RUNS.items():
        cfg = toy(images, Path(work_dir), method, words, vit)
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        model.head.set_class_counts(torch.tensor([24, 12, 4]))
        wrapped = DistributedDataParallel(model)
        views = [torch.randn(4, 3, 16, 16) for _ in range(2)]
        samples = [DataSample().set_gt_label(label) for label in (0, 1, 2, rank)]
        for _ in range(2):  # the second complains of what the first has left without a gradient
            losses = wrapped(views, samples, mode='loss')
            sum(value for name, value in losses.items() if 'loss' in name).backward()
        assert all(each.grad is not None for each in model.parameters() if each.requires_grad)


@pytest.mark.slow
def test_two_processes(images, tmp_path):
    run_processes(two_steps, 2, images=str(images), work_dir=str(tmp_path))
