"""The recipes that fine-tune MAE's vision transformers."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS
from mmpretrain.models import VisionTransformer
from tiny_vit import CONFIGS, WIDTH, tiny_classifier

BASE, LARGE = 'vit-base_8xb32-100e_imagenet', 'vit-large_8xb16-50e_imagenet'
CONTRASTIVE = [
    f'gpaco/gpaco_{BASE}',
    f'gpaco/gpaco_{LARGE}',
    f'gpaco/gpaco-one-view_{BASE}',
    f'multi_task/multi-task_{BASE}',
]
PLAIN = [f'cross_entropy/cross-entropy_{BASE}', f'cross_entropy/cross-entropy_{LARGE}']
GPUS = 8


def load(name: str) -> Config:
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.mark.parametrize('name', CONTRASTIVE + PLAIN)
def test_optimisation(name):
    cfg = load(name)
    is_large = 'large' in name
    wrapper, schedule = cfg.optim_wrapper, cfg.param_scheduler
    assert GPUS * cfg.train_dataloader.batch_size * wrapper.accumulative_counts == 1024
    base_lr = 1e-3 if is_large else 5e-4
    assert wrapper.optimizer == dict(type='AdamW', lr=base_lr * 1024 / 256, weight_decay=0.05, betas=(0.9, 0.999))
    assert wrapper.paramwise_cfg.layer_decay_rate == (0.75 if is_large else 0.65)
    assert schedule.min_factor * wrapper.optimizer.lr == pytest.approx(1e-6)
    assert (schedule.warmup_epochs, schedule.interval) == (5, wrapper.accumulative_counts)
    assert schedule.max_epochs == cfg.train_cfg.max_epochs == (50 if is_large else 100)
    assert cfg.model.backbone.drop_path_rate == (0.2 if is_large else 0.1)
    settings = VisionTransformer.arch_zoo[cfg.model.backbone.arch]
    assert settings['embed_dims'] == (1024 if is_large else 768)
    assert cfg.load_from == f'checkpoints/mae_pretrain_vit_{"large" if is_large else "base"}.ltcl.pth'
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        view = loader.dataset.pipeline[1]
        assert (view.resize, view.size, view.interpolation) == (256, 224, 'bicubic')


@pytest.mark.parametrize('name', CONTRASTIVE)
def test_contrast(name):
    cfg = load(name)
    head, projector = cfg.model.head, cfg.model.projector
    assert (projector.num_layers, projector.act) == (3, 'GELU')
    assert (head.queue_len, head.temperature) == (8192, 0.2)
    first, *others = cfg.train_dataloader.dataset.pipeline[1].recipes
    assert first == dict(recipe='randclsstack', num_layers=12, magnitude=10)
    assert others == ([] if 'one-view' in name else ['sim'])
    assert len(cfg.model.online_views) == 1 + len(others)
    if 'multi-task' in name:
        assert (head.type, head.alpha) == ('ltcl.MultiTaskHead', 0.5)
        assert head.loss == dict(type='LabelSmoothLoss', label_smooth_val=0.1)
    else:
        assert (head.type, head.alpha, head.smoothing, head.with_prior) == ('ltcl.PaCoHead', 0.2, 0.1, False)


@pytest.mark.parametrize('name', PLAIN)
def test_cross_entropy_mixes_images(name):
    cfg = load(name)
    assert [(step.type, step.alpha) for step in cfg.model.train_cfg.augments] == [('Mixup', 0.8), ('CutMix', 1.0)]
    _, views, erase, _ = cfg.train_dataloader.dataset.pipeline
    assert views.recipes == ['mae']
    assert (erase.erase_prob, erase.mode, erase.fill_color) == (0.25, 'rand', cfg.data_preprocessor.mean)
    assert cfg.model.head.loss == dict(type='LabelSmoothLoss', label_smooth_val=0.1)


def test_vectors_and_tokens_have_no_weight_decay():
    model = tiny_classifier()
    wrapper = build_optim_wrapper(model, load(CONTRASTIVE[0]).optim_wrapper)
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    assert len(wrapper.optimizer.param_groups) == len(shapes)
    for group in wrapper.optimizer.param_groups:
        name = group['param_name']
        is_exempt = len(shapes[name]) == 1 or name in ('backbone.cls_token', 'backbone.pos_embed')
        assert group['weight_decay'] == (0 if is_exempt else 0.05), name


def test_feature_is_the_normalised_mean_of_the_patches():
    torch.manual_seed(0)
    model = tiny_classifier().eval()
    model.init_weights()
    images = torch.randn(2, 3, 224, 224)
    tokens = []
    model.backbone.layers[-1].register_forward_hook(lambda module, args, output: tokens.append(output))
    (feats,) = model.extract_feat(images)
    expected = torch.nn.functional.layer_norm(tokens[0][:, 1:].mean(1), (WIDTH,), eps=1e-6)
    torch.testing.assert_close(feats, expected)


def test_classifier_starts_near_zero():
    cfg = load(PLAIN[0]).model
    head = MODELS.build(dict(cfg.head, in_channels=768))
    head.init_weights()
    assert head.fc.weight.std().item() == pytest.approx(2e-5, rel=0.05)
    assert not head.fc.bias.any()
    contrastive = MODELS.build(dict(load(CONTRASTIVE[0]).model.head, in_channels=768))
    contrastive.init_weights()
    assert contrastive.fc.weight.std().item() == pytest.approx(2e-5, rel=0.05)
