import pytest
import torch
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.models import FrozenEncoderClassifier


class DropoutNeck(nn.Module):
    """A neck with weights, dropout and batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(16, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))

    def forward(self, feats: tuple) -> tuple:
        return (self.layers(feats[-1].mean((2, 3))),)


def build(train_bn: bool = True) -> FrozenEncoderClassifier:
    torch.manual_seed(0)
    model = FrozenEncoderClassifier(
        backbone=dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4),
        neck=DropoutNeck(),
        head=dict(type='LinearClsHead', num_classes=3, in_channels=6),
        train_bn=train_bn,
    )
    model.init_weights()
    return model


def step(model: nn.Module) -> None:
    """One training step with a rate and a decay that would move anything that may move."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9, weight_decay=0.1)
    samples = [DataSample().set_gt_label(label) for label in (0, 1, 2, 0)]
    images = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    model.train()
    model(images, samples, mode='loss')['loss'].backward()
    optimizer.step()


def changed(model: nn.Module, before: dict) -> set[str]:
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize('train_bn', [True, False])
def test_training_changes_the_head_and_with_train_bn_the_running_statistics(train_bn):
    model = build(train_bn)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    step(model)
    statistics = {name for name in before if 'running_' in name or 'num_batches' in name}
    assert {'backbone.bn1.running_mean', 'neck.layers.1.running_var'} <= statistics
    assert changed(model, before) == {'head.fc.weight', 'head.fc.bias'} | (statistics if train_bn else set())
    assert [name for name, p in model.named_parameters() if p.grad is not None] == ['head.fc.weight', 'head.fc.bias']


def test_modes():
    model = build()
    model.train()
    assert not model.backbone.training
    assert not model.neck.layers[2].training  # dropout would be noise in the features
    assert model.backbone.bn1.training
    assert model.neck.layers[1].training
    assert model.head.training
    model.eval()
    assert not any(module.training for module in model.modules())
    frozen = build(train_bn=False).train()
    assert not any(part.training for part in (*frozen.backbone.modules(), *frozen.neck.modules()))
    assert frozen.head.training


def test_features_have_no_graph():
    model = build().train()
    images = torch.randn(2, 3, 16, 16, requires_grad=True)
    for stage in ('backbone', 'neck'):
        assert not model.extract_feat(images, stage)[-1].requires_grad


def test_batch_statistics_normalise_in_training():
    model = build()
    images = torch.randn(4, 3, 16, 16)
    pooled = [model.train(mode).backbone.bn1(images.repeat(1, 2, 1, 1)[:, :4]) for mode in (True, False)]
    assert pooled[0].mean((0, 2, 3)).abs().max() < 1e-6
    assert pooled[1].mean((0, 2, 3)).abs().max() > 1e-3
