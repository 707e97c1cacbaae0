"""The published recipes of PaCo, GPaCo and the multi-task baseline but those for CIFAR-LT and ViT."""

import functools
import math
import re
from typing import NamedTuple

import mmengine
import pytest
import torch
from cifar_recipes import CONFIGS, build_model, learning_rates
from mmengine.config import Config
from mmengine.hooks import Hook
from small_config import load_small
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision.models.resnet import Bottleneck, ResNet

from ltcl.engine import Runner
from ltcl.launch.hook_names import hooks_of


class Row(NamedTuple):
    """A row of the published tables."""

    num_classes: int
    epochs: int
    lr: float
    weight_decay: float
    batch_size: int
    gpus: int
    alpha: float
    temperature: float
    views: str
    rand_augment: tuple[int, int] | None = None
    smoothing: float = 0.0
    with_prior: bool = True
    half: bool = False
    top1: float | None = None


RAND_SIM, STACK_SIM, RAND_STACK = 'randcls sim', 'randclsstack sim', 'randcls randclsstack'
ROWS = {
    'paco_resnet50_4xb64-400e_imagenet': Row(
        1000, 400, 0.04, 1e-4, 256, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, False, False, 79.3
    ),
    'paco_resnet101_4xb64-400e_imagenet': Row(
        1000, 400, 0.04, 1e-4, 256, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, False, False, 80.9
    ),
    'paco_resnet200_4xb64-400e_imagenet': Row(
        1000, 400, 0.04, 1e-4, 256, 4, 0.05, 0.2, STACK_SIM, (3, 12), 0, False, True, 81.8
    ),
    'paco_resnet50_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.02, 5e-4, 128, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, True, False, 57.0
    ),
    'paco_resnext50-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.02, 5e-4, 128, 4, 0.05, 0.07, STACK_SIM, (2, 10), 0, True, False, 58.2
    ),
    'paco_resnext101-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.03, 5e-4, 128, 4, 0.05, 0.2, STACK_SIM, (3, 10), 0, True, False, 60.0
    ),
    'paco_resnet50_4xb32-400e_inat2018': Row(
        8142, 400, 0.02, 1e-4, 128, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, True, False, 73.2
    ),
    'paco_resnet152_4xb32-400e_inat2018': Row(
        8142, 400, 0.02, 1e-4, 128, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, True, False, 75.2
    ),
    'paco_resnet152_4xb32-30e_places-lt': Row(
        365, 30, 0.02, 5e-4, 128, 4, 0.05, 0.2, 'sim sim', None, 0, True, True, 41.2
    ),
    'gpaco_resnet50_8xb64-400e_imagenet': Row(
        1000, 400, 0.08, 1e-4, 512, 8, 0.05, 0.2, RAND_STACK, (2, 10), 0.1, False, False, 79.7
    ),
    'gpaco_resnet50_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.04, 5e-4, 128, 4, 0.045, 0.2, RAND_STACK, (2, 10), 0, True, False, 58.5
    ),
    'gpaco_resnext50-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.06, 5e-4, 128, 4, 0.05, 0.2, RAND_STACK, (3, 10), 0, True, False, 58.9
    ),
    'gpaco_resnext101-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.06, 5e-4, 128, 4, 0.05, 0.2, RAND_STACK, (5, 10), 0, True, False, 60.8
    ),
    'gpaco_resnet50_8xb16-400e_inat2018': Row(
        8142, 400, 0.04, 1e-4, 128, 8, 0.05, 0.2, RAND_SIM, (2, 10), 0, True, False, 75.4
    ),
    'gpaco_resnet152_4xb32-400e_inat2018': Row(
        8142, 400, 0.04, 1e-4, 128, 4, 0.05, 0.2, RAND_SIM, (2, 10), 0, True, False, 78.1
    ),
    'gpaco_resnet152_4xb32-30e_places-lt': Row(
        365, 30, 0.02, 5e-4, 128, 4, 0.02, 0.2, 'sim sim', None, 0, True, True, 41.7
    ),
    'gpaco_resnet50_1xb128-400e_cifar100': Row(
        100, 400, 0.05, 5e-4, 128, 1, 0.01, 0.07, 'sim_cifar sim_cifar', None, 0, True, False, 80.3
    ),
    'multi-task_resnext50-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.06, 5e-4, 128, 4, 0.5, 0.2, RAND_STACK, (3, 10), 0, True, False
    ),
    'multi-task_resnext101-32x4d_4xb32-400e_imagenet-lt': Row(
        1000, 400, 0.06, 5e-4, 128, 4, 0.5, 0.2, RAND_STACK, (5, 10), 0, True, False
    ),
    'multi-task_resnet50_1xb128-400e_cifar100': Row(
        100, 400, 0.05, 5e-4, 128, 1, 0.5, 0.07, 'sim_cifar sim_cifar', None, 0, False, False, 79.1
    ),
}
EVERY_ROW = pytest.mark.parametrize(('name', 'row'), ROWS.items(), ids=ROWS)
PLACES = pytest.mark.parametrize('method', ['paco', 'gpaco'])
PROJECTORS = {'paco': ['Linear', 'BatchNorm1d', 'ReLU', 'Linear'], 'gpaco': ['Linear', 'ReLU'] * 2 + ['Linear']}
LISTS = {
    'imagenet-lt': ['ImageNet_LT/ImageNet_LT_train.txt', 'ImageNet_LT/ImageNet_LT_test.txt'],
    'inat2018': ['iNaturalist18_train.txt', 'iNaturalist18_val.txt'],
    'places-lt': ['Places_LT/Places_LT_train.txt', 'Places_LT/Places_LT_val.txt'],
}
FOLDERS = {'paco': 'paco', 'gpaco': 'gpaco', 'multi-task': 'multi_task'}
X_32X4D = dict(groups=32, width_per_group=4)
NETWORKS = {
    'resnet50': dict(layers=[3, 4, 6, 3]),
    'resnet101': dict(layers=[3, 4, 23, 3]),
    'resnet152': dict(layers=[3, 8, 36, 3]),
    'resnet200': dict(layers=[3, 24, 36, 3]),
    'resnext50-32x4d': dict(layers=[3, 4, 6, 3], **X_32X4D),
    'resnext101-32x4d': dict(layers=[3, 4, 23, 3], **X_32X4D),
}


class ShapesOnly(TorchFunctionMode):
    """Builds on the meta device, without memory; mmpretrain reads a few numbers back, which stay real."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        device = dict(device='cpu') if func is torch.linspace else {}
        return func(*args, **(kwargs or {}) | device)


@functools.cache
def shapes_of(name):
    with torch.device('meta'), ShapesOnly():
        return build_model(Config.fromfile(path_of(name)))


def path_of(name):
    (path,) = CONFIGS.glob(f'*/{name}.py')
    return path


def published_rate(row, warmup_epochs, epoch):
    if row.gpus == 1:  # CIFAR
        return row.lr * ((epoch + 1) / 10 if epoch <= 10 else 0.1 ** ((epoch > 320) + (epoch > 360)))
    if epoch < warmup_epochs:
        return row.lr * (epoch + 1) / warmup_epochs
    done = (epoch - warmup_epochs + 1) / (row.epochs - warmup_epochs + 1)
    return row.lr * (1 + math.cos(math.pi * done)) / 2


@EVERY_ROW
def test_rates_batches_and_data(name, row):
    cfg = Config.fromfile(path_of(name))
    loader = cfg.train_dataloader
    assert loader.batch_size * row.gpus == row.batch_size
    assert f'_{row.gpus}xb{loader.batch_size}-{row.epochs}e_' in name
    assert (loader.drop_last, cfg.train_cfg.max_epochs, cfg.randomness.seed) == (True, row.epochs, 0)
    wrapper = {'optimizer': dict(type='SGD', lr=row.lr, momentum=0.9, weight_decay=row.weight_decay)}
    assert cfg.optim_wrapper == (wrapper | {'type': 'AmpOptimWrapper'} if row.half else wrapper)
    expected = [published_rate(row, 10 if row.epochs == 400 else 5, epoch) for epoch in range(row.epochs)]
    assert learning_rates(cfg) == pytest.approx(expected, rel=1e-12)
    data_set = name.rpartition('_')[2]
    if data_set in LISTS:
        lists = [cfg[f'{part}_dataloader'].dataset.ann_file for part in ('train', 'test')]
        assert lists == LISTS[data_set]
    assert cfg.data_preprocessor.num_classes == cfg.model.head.num_classes == row.num_classes


@EVERY_ROW
def test_views(name, row):
    cfg = Config.fromfile(path_of(name))
    *_, views, _ = cfg.train_dataloader.dataset.pipeline
    assert (views.type, views.recipes) == ('ltcl.Views', row.views.split())
    if row.rand_augment is not None:
        assert (views.num_layers, views.magnitude) == row.rand_augment
    assert views.size == (32 if row.gpus == 1 else 224)


@EVERY_ROW
def test_model(name, row):
    cfg, model = Config.fromfile(path_of(name)), shapes_of(name)
    method, head = name.split('_')[0], model.head
    assert not cfg.model.backbone.zero_init_residual
    layers = [layer for layer in model.projector.layers if isinstance(layer, nn.Linear)]
    assert [type(layer).__name__ for layer in model.projector.layers] == PROJECTORS[
        'paco' if method == 'paco' else 'gpaco'
    ]
    assert [layer.out_features for layer in layers] == [2048] * (len(layers) - 1) + [128]
    assert tuple(head.queue.embeddings.shape) == (1024 if row.gpus == 1 else 8192, 128)
    assert tuple(head.fc.weight.shape) == (row.num_classes, 2048)
    if method == 'multi-task':
        assert (head.alpha, head.loss_args['temperature']) == (row.alpha, row.temperature)
        assert type(head.loss_module).__name__ == ('BalancedSoftmaxLoss' if row.with_prior else 'CrossEntropyLoss')
    else:
        published = dict(alpha=row.alpha, beta=1, gamma=1, supt=1, temperature=row.temperature, smoothing=row.smoothing)
        assert {key: head.loss_args[key] for key in published} == published
        assert head.with_prior == row.with_prior


@EVERY_ROW
def test_backbone_is_that_of_torchvision(name, row):
    with torch.device('meta'):
        expected = ResNet(Bottleneck, **NETWORKS[name.split('_')[1]]).state_dict()
    shapes = {key: value.shape for key, value in expected.items() if not key.startswith('fc.')}
    if row.gpus == 1:  # CIFAR
        shapes['conv1.weight'] = torch.Size((64, 3, 3, 3))
        assert Config.fromfile(path_of(name)).model.backbone.type == 'ResNet_CIFAR'  # the stem does not pool
    assert {key: value.shape for key, value in shapes_of(name).backbone.state_dict().items()} == shapes


@EVERY_ROW
def test_encoders_and_batch_norms(name, row):
    cfg, model = Config.fromfile(path_of(name)), shapes_of(name)
    is_paco = name.startswith('paco')
    assert (model.online_views, model.key_views) == (((0,), (1,)) if is_paco else ((0, 1), ()))
    assert (model.shuffle_bn, model.joint_forward) == (is_paco, False)
    hooks = [hook.momentum for _, hook in hooks_of(cfg) if hook.type == 'ltcl.MomentumUpdateHook']
    assert hooks == [0.999] * is_paco
    # Every process normalises by its own images.
    assert cfg.get('sync_bn') is None
    assert not any(isinstance(module, nn.SyncBatchNorm) for module in model.modules())


@EVERY_ROW
def test_header_and_metafile_tell_the_row(name, row):
    path = path_of(name)
    header = path.read_text().split('_base_ =')[0]
    relative = path.relative_to(CONFIGS.parent)
    command = f'python tools/train.py {relative}' if row.gpus == 1 else f'tools/dist_train.sh {relative} {row.gpus}'
    assert f'#     {command}\n' in header
    assert 'Not run here.' in header
    assert f'SGD {row.lr}' in header
    assert f'{row.batch_size // row.gpus} images' in header
    assert ('float16' if row.half else 'float32') in header
    for word in ('accumulation', 'atch normalisation', 'eed'):
        assert word in header
    models = mmengine.load(path.parent / 'metafile.yml')['Models']
    (entry,) = [model for model in models if model['Name'] == name]
    if row.top1 is None:
        assert entry['Results'] == []
        assert "The authors' README gives no accuracy." in header
    else:
        assert entry['Results'][0]['Metrics'] == {"Top 1 Accuracy (authors' README)": row.top1}
        assert re.search(rf"Top-1 of the authors' README[^:]*: {row.top1}\b", header)


@pytest.mark.parametrize('folder', FOLDERS.values())
def test_metafile_lists_every_config(folder):
    metafile = mmengine.load(CONFIGS / folder / 'metafile.yml')
    assert sorted(model['Name'] for model in metafile['Models']) == sorted(
        path.stem for path in (CONFIGS / folder).glob('*.py')
    )


@PLACES
def test_places_trains_the_last_block_and_every_norm(method):
    model = shapes_of(f'{method}_resnet152_4xb32-30e_places-lt')
    convolutions = {name for name, part in model.backbone.named_modules() if isinstance(part, nn.Conv2d)}
    assert len(convolutions) == 1 + 3 * (3 + 8 + 36 + 3) + 4
    frozen = {name for name in convolutions if not name.startswith('layer4.2.')}
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    expected = {name for name, _ in model.named_parameters() if not name.startswith('momentum_encoder.')}
    assert trained == expected - {f'backbone.{name}.weight' for name in frozen}
    assert all(module.training for module in model.modules())


class Start(Hook):
    """Keeps the model's state as the training starts with it."""

    priority = 'VERY_LOW'

    def before_train(self, runner):
        self.state = {name: value.clone() for name, value in runner.model.state_dict().items()}


def test_places_starts_from_a_backbone(data_layout, tmp_path):
    """The rest of the file is left out, the rest of the model keeps its own; both encoders start alike."""
    cfg = load_small(path_of('paco_resnet152_4xb32-30e_places-lt'), data_layout, tmp_path)
    cfg.model.backbone.depth = 50
    torch.manual_seed(1)
    backbone = {f'backbone.{name}': value for name, value in build_model(cfg).backbone.state_dict().items()}
    file = backbone | {'head.fc.weight': torch.zeros(1000, 2048)}
    torch.save(dict(state_dict=file, meta={}), tmp_path / 'torchvision.pth')
    cfg.load_from = str(tmp_path / 'torchvision.pth')
    runner = Runner.from_cfg(cfg)
    start = Start()
    runner.register_hook(start)
    runner.train()

    for name, value in backbone.items():
        assert start.state[name].equal(value)
        assert start.state[f'momentum_encoder.{name}'].equal(value)
    for name, value in runner.model.state_dict().items():
        if re.match(r'backbone\.(?!layer4\.2).*conv', name):
            assert value.equal(backbone[name])
    norm = runner.model.backbone.layer1[0].norm1
    assert not norm.running_mean.equal(backbone['backbone.layer1.0.bn1.running_mean'])
    assert not norm.weight.equal(backbone['backbone.layer1.0.bn1.weight'])
