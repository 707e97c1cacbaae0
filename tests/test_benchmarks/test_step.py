"""The benchmark of a training step at a small size, and the networks it trains."""

import pytest
import torch


def tiny_config(**model) -> dict:
    return dict(
        model=dict(
            type='ltcl.ContrastiveClassifier',
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=[127.0], std=[64.0], channels_last=True),
            backbone=dict(type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 1, 1)),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=16, out_channels=8),
            head=dict(type='ltcl.PaCoHead', num_classes=5, in_channels=16, feat_dim=8, queue_len=8),
            **model,
        ),
        optim_wrapper=dict(type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        shape=(4, 1, 8, 8),
    )


@pytest.mark.parametrize('model', [dict(key_views=(1,)), dict(online_views=(0, 1))], ids=['paco', 'gpaco'])
def test_step_trains_and_bare_encoder_only_differentiates(load, model):
    config = tiny_config(**model)
    step = load('networks').TrainingStep(**config, device='cpu')
    weight, classifier = step.model.backbone.conv1.weight, step.model.head.fc.weight
    before = weight.detach().clone()
    step.bare_encoder()()
    assert weight.grad.abs().sum() > 0
    assert classifier.grad is None
    assert torch.equal(weight, before)
    step()
    assert not torch.equal(weight, before)
    assert step.model.head.queue.pointer == 4


def test_figures(load):
    figures = load('step').measure_step('tiny', tiny_config(key_views=(1,)), 'cpu', rounds=1, goal=0.8)
    full, bare, share = (figure.value for figure in figures)
    assert share == pytest.approx(full / bare)
    assert [figure.goal for figure in figures] == [None, None, 0.8]


def test_demo_configs_are_the_ones_that_are_trained(load):
    networks = load('networks')
    assert networks.demo_config('paco')['model']['key_views'] == (1,)
    assert networks.demo_config('gpaco')['model']['online_views'] == (0, 1)
    assert networks.demo_config('gpaco')['model']['data_preprocessor']['channels_last']
