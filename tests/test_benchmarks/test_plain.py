"""The plain forms of the published steps train as ours do: same weights, same images, same loss, same next weights."""

import argparse
import copy

import pytest
import torch

METHODS = ['paco', 'gpaco', 'bcl', 'kcl', 'tsc', 'resco', 'rescom', 'multi-task', 'cross-entropy']


def small_step(load, method):
    """A step of the demo's config in float64, its network and batch reduced."""
    networks = load('networks')
    config = networks.demo_config(method, precision='float64')
    config['model']['backbone'] = dict(
        type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 2, 1), init_cfg=None
    )
    if 'queue_len' in config['model']['head']:
        config['model']['head']['queue_len'] = 16
    step = networks.TrainingStep(**dict(config, shape=(8, 1, 8, 8)), device='cpu')
    for group in step.optim_wrapper.optimizer.param_groups:
        group['lr'] = 0.1
    return step


@pytest.fixture
def same_draws(monkeypatch):
    """Lets the positives of KCL be drawn by the same numbers on both sides."""
    draws = torch.rand(6, 8, dtype=torch.float64)
    monkeypatch.setattr(torch, 'rand', lambda *size, **options: draws.clone())


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.usefixtures('same_draws')
def test_a_plain_step_is_ours(load, method):
    plain_forms, parts = load('plain.from_ours'), load('plain.parts')
    step = small_step(load, method)
    plain = plain_forms.plain_form(method, step.model)
    optimizer = torch.optim.SGD(
        [parameter for parameter in plain.parameters() if parameter.requires_grad],
        lr=0.1,
        momentum=0.9,
        weight_decay=step.optim_wrapper.optimizer.defaults['weight_decay'],
    )
    views = copy.deepcopy(step.preprocessed())
    labels = torch.cat([sample.gt_label for sample in step.data_samples])
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    for _ in range(3):
        ours = step()['loss']
        torch.testing.assert_close(parts.train_step(plain, optimizer, views, labels), ours.detach(), rtol=1e-9, atol=0)
    expected = plain_forms.plain_state(step.model)
    now = plain.state_dict()
    torch.testing.assert_close({name: now[name] for name in expected}, expected, rtol=1e-8, atol=1e-11)
    fixed = {name for name in expected if torch.equal(now[name], before[name]) and not name.endswith('pointer')}
    assert fixed <= {'targets'}


@pytest.mark.parametrize('depth', [18, pytest.param(50, marks=pytest.mark.slow)])
def test_the_published_resnet_is_ours(load, depth):
    torch.manual_seed(0)
    ours = load('networks').MODELS.build(dict(type='mmpretrain.ResNet', depth=depth)).double()
    plain = load('plain.encoders').imagenet_resnet(depth).double()
    plain.load_state_dict(ours.state_dict())
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(plain(images), ours(images)[-1].mean((2, 3)), rtol=1e-9, atol=1e-12)


def test_figures(load, monkeypatch):
    published = load('published')
    seconds = {'published': [3.0, 3.0], 'float32': [2.0, 1.0]}
    products = {'product in float32': [0.5, 0.5], 'product in bfloat16': [0.25, 0.25]}
    monkeypatch.setattr(published, 'PRODUCT_SIZE', 100)
    monkeypatch.setattr(published, 'operations', lambda step: 10**6)

    def time_once(steps, rounds, device):
        assert list(steps) == [*seconds, *products]
        for step in steps.values():
            step()
        return seconds | products

    monkeypatch.setattr(published, 'time_interleaved', time_once)
    config = load('networks').demo_config('bcl', 'float32', channels_last=False)
    config['model']['backbone'].update(depth=8)
    config['shape'] = (4, 1, 8, 8)
    figures = published.measure_method('BCL', {'float32': config}, 'bcl', 'cpu', rounds=2)
    # Two million operations of a product, two rounds of it by those of a step: 0.5 / 3 and the median of 0.25 and 0.5.
    expected = [4 / 3, 0.5 / 3 / 2, 4 / 1.5, 2.25, 0.75, 0.375 / 2]
    assert [figure.value for figure in figures] == pytest.approx(expected)
    assert [figure.unit for figure in figures] == ['images/s', 'x', 'images/s', 'x', 'x', 'x']
    assert [figure.goal for figure in figures] == [None, None, None, 1.0, None, None]


@pytest.mark.parametrize(('words', 'compiled'), [([], [False] * 3), (['--compile'], [False, False, False, True, True])])
def test_forms_that_are_asked_for(load, monkeypatch, words, compiled):
    published, measured = load('published'), []
    monkeypatch.setattr(published, 'measure_method', lambda *args: measured.append(args) or [])
    parser = argparse.ArgumentParser()
    published.add_options(parser)
    published.measure(parser.parse_args(['--devices', 'cpu', '--networks', 'resnet50', '--methods', 'bcl', *words]))
    ((name, configs, method, device, rounds),) = measured
    assert (name, method, device, rounds) == ('BCL, ResNet-50 224 px batch 8', 'bcl', 'cpu', 3)
    assert [config['compiled'] for config in configs.values()] == compiled
    assert [config['model']['data_preprocessor']['channels_last'] for config in configs.values()][:3] == [
        False,
        True,
        True,
    ]


def test_operations_of_the_plain_step_are_those_of_its_encoder_and_more(load):
    published, step = load('published'), small_step(load, 'cross-entropy')
    plain = published.PublishedStep('cross-entropy', step)
    # Two thirds of a training step's products are in the backward pass, but for the first layer's input.
    first_layer, classifier = 8 * 8 * 8 * 2 * 9 * 4, 8 * 2 * 16 * 10
    others = published.operations(plain) - 2 * first_layer
    assert (others - 3 * classifier) % 3 == 0
    assert others > 3 * first_layer
