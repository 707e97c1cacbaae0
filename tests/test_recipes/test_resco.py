"""The CIFAR-100-LT recipes of ResCo and ResCom."""

import numpy as np
import pytest
import torch
from cifar_recipes import build_model, draw_views, has_hole, learning_rates, load, white_image

METHODS = pytest.mark.parametrize('method', ['resco', 'rescom'])


@METHODS
def test_numbers_of_the_recipe(method):
    cfg = load(method)
    model = build_model(cfg)
    head = model.head
    is_resco = method == 'resco'
    assert (head.temperature, head.con_weight, head.contrast_prior, head.queue_init) == (0.2, 0.5, 0, 'published')
    assert head.effective_number_beta == (0.99 if is_resco else 0.999999)
    if is_resco:
        assert (head.positive_queue.slots_per_class, head.negative_queue.slots_per_class) == (4, 1)
    else:
        assert head.class_queue.embeddings.shape == (100, 10, 32)
        assert head.num_hard == dict(num_positives=1, num_negatives=400)
    assert model.joint_forward != is_resco
    # The whole of the published network: ResNet-32, a projector 64-64-32 with a norm, and 100 classes.
    assert sum(parameter.numel() for parameter in model.parameters()) == 476_372
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (128, True, 400)
    # Epochs from 1, as the recipe counts them.
    expected = {1: 0.01, 9: 0.09, 10: 0.1, 11: 0.1, 320: 0.1, 321: 0.01, 360: 0.01, 361: 0.001, 400: 0.001}
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[epoch - 1] for epoch in expected], list(expected.values()))


@METHODS
def test_options_of_the_readme_keep_the_rate_constant(method):
    cfg = load(method)
    cfg.merge_from_dict({'param_scheduler.warmup_epochs': 0, 'param_scheduler.milestones': []})
    assert set(learning_rates(cfg)) == {0.1}


@METHODS
def test_both_views_are_regular(method):
    for views in draw_views(load(method), white_image(), 10):
        assert [has_hole(view) for view in views] == [True, True]
        assert not torch.equal(*views)
