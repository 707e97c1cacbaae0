"""The benchmark of a training step at a small size, and the networks it trains."""

import argparse
import time
from types import SimpleNamespace

import pytest
import torch

from ltcl.errors import UserError


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


@pytest.mark.parametrize(
    'model',
    [dict(key_views=(1,)), dict(online_views=(0, 1)), dict(online_views=(0, 1), joint_forward=True)],
    ids=['paco', 'gpaco', 'joint'],
)
def test_step_trains_and_bare_encoder_only_differentiates(load, model):
    config = tiny_config(**model)
    step = load('networks').TrainingStep(**config, device='cpu')
    weight, classifier = step.model.backbone.conv1.weight, step.model.head.fc.weight
    passes = []
    step.model.backbone.register_forward_hook(lambda _, images, __: passes.append(len(images[0])))
    before = weight.detach().clone()
    step.bare_encoder()()
    assert weight.grad.abs().sum() > 0
    assert classifier.grad is None
    assert torch.equal(weight, before)
    as_bare = passes.copy()
    passes.clear()
    step()
    assert passes == as_bare
    assert not torch.equal(weight, before)
    assert step.model.head.queue.pointer == 4


def test_figures(load):
    figures = load('step').measure_step('tiny', tiny_config(key_views=(1,)), 'cpu', rounds=1, goal=0.8)
    full, bare, share, spread, memory = (figure.value for figure in figures)
    assert share == pytest.approx(full / bare)
    assert [figure.goal for figure in figures] == [None, None, 0.8, None, None]
    assert spread == 0
    assert 0 < memory < 1


def test_configs_are_the_ones_that_are_trained(load):
    networks = load('networks')
    assert networks.demo_config('paco')['model']['key_views'] == (1,)
    assert networks.demo_config('gpaco')['model']['online_views'] == (0, 1)
    assert networks.demo_config('gpaco')['model']['data_preprocessor']['channels_last']
    assert networks.demo_config('gpaco')['optim_wrapper']['type'] == 'ltcl.Bfloat16OptimWrapper'
    plain = networks.imagenet_config('kcl', 18, 32, precision='float32', channels_last=False)
    assert plain['shape'] == (32, 3, 224, 224)
    assert plain['optim_wrapper']['type'] == 'OptimWrapper'
    assert plain['model']['head']['queue_len'] == 65536
    assert not plain['model']['data_preprocessor']['channels_last']
    for method in networks.RECIPES:
        model = networks.imagenet_config(method, 50, 16)['model']
        assert (model['backbone']['type'], model['head']['num_classes']) == ('ResNet', 1000)


@pytest.mark.parametrize(('quick', 'chosen'), [([], {'paco'}), (['--methods', 'bcl'], {'bcl'})])
def test_what_is_measured_is_what_was_asked_for(load, monkeypatch, quick, chosen):
    benchmark, measured = load('step'), []
    monkeypatch.setattr(benchmark, 'measure_step', lambda *args: measured.append(args) or [])
    parser = argparse.ArgumentParser()
    benchmark.add_options(parser)
    benchmark.measure(parser.parse_args(['--networks', 'resnet50', '--devices', 'cpu', '--batch-size', '3', *quick]))
    assert {name.split(',')[0].lower() for name, *_ in measured} == chosen
    ((name, config, device, rounds, goal),) = measured
    assert name.endswith('batch 3')
    assert (config['shape'], device, rounds, goal) == ((3, 3, 224, 224), 'cpu', 3, 0.95)


@pytest.mark.parametrize(
    ('words', 'complaint'),
    [
        (['--devices', 'cpu', '--precision', 'float16'], '--precision float16 is for GPUs'),
        (['--devices', 'cpu', '--data', 'no_such_folder'], 'there is no such folder'),
        (['--devices', 'cpu', '--data', '.', '--networks', 'demo'], '--data feeds the networks for 224 px'),
    ],
)
def test_what_cannot_be_measured_is_told(load, words, complaint):
    benchmark, parser = load('step'), argparse.ArgumentParser()
    benchmark.add_options(parser)
    with pytest.raises(UserError, match=complaint):
        benchmark.measure(parser.parse_args(words))


def test_share_that_waits_for_data(load):
    def slow_loader():
        while True:
            time.sleep(0.02)
            yield {}

    share = load('step').waiting_share(lambda batch: time.sleep(0.005), slow_loader(), 3, 'cpu')
    assert 0.5 < share < 1
    assert load('step').waiting_share(lambda batch: time.sleep(0.02), iter([{}] * 4), 3, 'cpu') < 0.1


def test_launches_of_kernels_and_graphs_are_counted(load, monkeypatch):
    names = [
        'cudaLaunchKernel',
        'cudaLaunchKernelExC',
        'cuLaunchKernel',
        'cudaGraphLaunch',
        'cudaMemcpyAsync',
        'aten::mm',
    ]
    benchmark, calls = load('step'), []

    class Profiler:
        def __init__(self, activities):
            pass

        def __enter__(self):
            return SimpleNamespace(events=lambda: [SimpleNamespace(name=name) for name in names])

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(benchmark, 'profile', Profiler)
    monkeypatch.setattr(benchmark.torch.cuda, 'synchronize', lambda: None)
    assert benchmark.kernel_launches(lambda: calls.append(1)) == 4
    assert calls == [1]


def test_real_loader_makes_the_views_of_the_recipe(load, tmp_path):
    toy = load('toy')
    images = toy.write_images(tmp_path / 'images', (3, 2), size=32)
    batch = next(iter(load('networks').image_loader('bcl', str(images), batch_size=2, num_workers=0)))
    assert [view.shape for view in batch['inputs']] == [(2, 3, 224, 224)] * 3
