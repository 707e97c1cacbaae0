"""The CIFAR-100-LT recipes of PaCo, GPaCo and the multi-task baseline."""

import numpy as np
import pytest
import torch
from cifar_recipes import blocks_of, build_model, draw_views, has_hole, is_bright, learning_rates, load, white_image

METHODS = pytest.mark.parametrize('method', ['paco', 'gpaco'])


@METHODS
def test_published_numbers(method):
    cfg = load(method)
    model = build_model(cfg)
    head = model.head
    assert (head.loss_args['alpha'], head.loss_args['temperature'], head.with_prior) == (0.01, 0.05, True)
    assert tuple(head.loss_args[name] for name in ('beta', 'gamma', 'supt', 'smoothing')) == (1, 1, 1, 0)
    assert tuple(head.queue.embeddings.shape) == (1024, 32)
    norms = head.queue.embeddings.norm(dim=0)
    torch.testing.assert_close(norms, torch.ones_like(norms))
    layers = [type(layer).__name__ for layer in model.projector.layers]
    expected = {
        'paco': ['Linear', 'BatchNorm1d', 'ReLU', 'Linear'],
        'gpaco': ['Linear', 'ReLU', 'Linear', 'ReLU', 'Linear'],
    }
    assert layers == expected[method]
    assert hasattr(model, 'momentum_encoder') == (method == 'paco')
    # Convolutions 432 + 10 * 2304 + (4608 + 9 * 9216) + (18432 + 9 * 36864), norms 2 * (16 * 11 + 32 * 10 + 64 * 10).
    assert sum(parameter.numel() for parameter in model.backbone.parameters()) == 463_504

    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (128, True, 400)
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[e] for e in (0, 9, 10, 11)], [0.005, 0.05, 0.055, 0.05])
    np.testing.assert_allclose([rates[e] for e in (320, 321, 360, 361, 399)], [0.05, 0.005, 0.005, 0.0005, 0.0005])


@METHODS
def test_first_view_is_regular_and_second_is_simple(method):
    white = white_image()
    for first, second in draw_views(load(method), white, 20):
        assert first.shape == second.shape == (3, 32, 32)
        assert first.dtype == second.dtype == torch.uint8
        assert has_hole(first)
        assert is_bright(second)
    assert white.min() == 255  # views are copies


@METHODS
def test_views_keep_the_order_of_colours(method):
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    views = [torch.stack(views) for views in draw_views(load(method), red, 50)]
    first, second = torch.stack(views).float().mean(dim=(0, 3, 4))
    # Inversion, equalisation and grey views touch all channels alike; a swap would exchange first and last.
    for channels in (first, second):
        assert channels[0] > 2 * channels[1:].max()


@pytest.mark.parametrize('factor', [10, 50, 100])
def test_both_views_of_multi_task_are_regular(factor):
    cfg = load('multi-task', data_set=f'cifar100-lt-if{factor}')
    assert blocks_of(cfg) == ['regular_cifar', 'regular_cifar']
    head = build_model(cfg).head
    assert (head.alpha, head.loss_args['temperature']) == (0.5, 0.2)
    assert tuple(head.queue.embeddings.shape) == (1024, 32)
