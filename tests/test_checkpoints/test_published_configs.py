"""Files of the published sizes fit the configs of their recipes; names and shapes only, without memory for weights."""

import fake_checkpoints as fake
import pytest
import torch
from mmengine.config import Config
from torch import nn
from torchvision.models import resnet50

from ltcl.checkpoints.converting import to_ours
from ltcl.checkpoints.fitting import build_model, fit_to_model

NUM_CLASSES = 1000


def resnet(head: nn.Module | None = None) -> nn.Module:
    net = resnet50()
    net.fc = head or nn.Identity()
    return net


def projector(norm: bool, dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2048, 2048), *[nn.BatchNorm1d(2048)] * norm, nn.ReLU(), nn.Linear(2048, dim))


def bcl() -> nn.Module:
    fc = nn.Module()
    fc.weight = nn.Parameter(torch.empty(2048, NUM_CLASSES))
    return fake.net_of(encoder=resnet(), head=projector(True, 1024), head_fc=projector(True, 1024), fc=fc)


def proco() -> nn.Module:
    net = bcl()
    del net.head_fc
    return net


def resco() -> nn.Module:
    queues = {}
    for kind, slots in (('pos', 4), ('neg', 1)):
        queues[f'{kind}_queue_list'] = torch.empty(128, slots * NUM_CLASSES)
        queues[f'{kind}_queue_ptr'] = torch.zeros(NUM_CLASSES, dtype=torch.int64)
    return fake.net_of(encoder=resnet(), mlp=projector(True, 128), linear=nn.Linear(2048, NUM_CLASSES), **queues)


def kcl() -> nn.Module:
    return fake.net_of(
        encoder_q=resnet(projector(False, 128)),
        encoder_k=resnet(projector(False, 128)),
        queue=torch.empty(128, 65536),
        queue_labels=torch.zeros(1, 65536, dtype=torch.int64),
        queue_ptr=torch.zeros(1, dtype=torch.int64),
        class_centroid=torch.empty(NUM_CLASSES, 128),
        optimal_target=torch.empty(NUM_CLASSES, 128),
        optimal_target_unique=torch.empty(128, NUM_CLASSES),
        target_labels=torch.zeros(NUM_CLASSES, 1, dtype=torch.int64),
    )


def kcl_cifar() -> nn.Module:
    encoder = fake.cifar_resnet((5, 5, 5))
    encoder.fc = nn.Linear(64, 10)
    return fake.net_of(encoder=encoder, head=nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 128)))


def mae() -> nn.Module:
    return fake.TimmViT(width=768, depth=12, side=14, norm=nn.LayerNorm(768))


PUBLISHED = {
    'bcl/bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim': ('bcl', bcl),
    'proco/proco_resnet50_8xb32-90e_imagenet-lt': ('proco', proco),
    'resco/resco_resnet50_8xb32-400e_imagenet-lt': ('resco', resco),
    'kcl/kcl_resnet50_4xb64-200e_imagenet-lt': ('kcl', kcl),
    'kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100': ('kcl', kcl_cifar),
    'gpaco/gpaco_vit-base_8xb32-100e_imagenet': ('mae', mae),
}


@pytest.mark.parametrize('config', PUBLISHED)
def test_published_file_fits_its_config(config):
    source, network = PUBLISHED[config]
    with torch.device('meta'):
        result = to_ours(network().state_dict(), source)
    model = build_model(Config.fromfile(f'{fake.CONFIGS}/{config}.py'))
    fit_to_model(result, model)
    encoder = {name for name in model.state_dict() if name.startswith('backbone.')}
    assert encoder <= result.state_dict.keys()
    if source != 'mae':
        assert result.state_dict.keys() == model.state_dict().keys()
