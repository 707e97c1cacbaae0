"""The CIFAR-LT recipes of ResCo and ResCom."""

import numpy as np
import pytest
from cifar_recipes import blocks_of, build_model, learning_rates, load
from recorded import recorded

METHODS = pytest.mark.parametrize('method', ['resco', 'rescom'])


def check_optimisation(cfg):
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4)
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (128, True)
    assert blocks_of(cfg) == ['regular_cifar', 'regular_cifar']
    np.testing.assert_allclose(
        learning_rates(cfg), recorded('resco', 'lr_schedule__a')['cifar0_intended_lr'], rtol=1e-9
    )


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
    check_optimisation(cfg)


@pytest.mark.parametrize('imbalance_factor', [10, 50, 100])
def test_cifar10_recipe(imbalance_factor):
    cfg = load('rescom', data_set=f'cifar10-lt-if{imbalance_factor}')
    assert cfg.train_dataloader.dataset.imbalance_factor == imbalance_factor
    head = build_model(cfg).head
    assert head.class_queue.embeddings.shape == (10, 10, 32)
    # The same share of the queue rows of other classes as on CIFAR-100.
    assert head.num_hard['num_negatives'] / 90 == pytest.approx(400 / 990, abs=0.01)
    assert (head.num_hard['num_positives'], head.effective_number_beta) == (1, 0.999999)
    check_optimisation(cfg)


@METHODS
def test_options_of_the_readme_keep_the_rate_constant(method):
    cfg = load(method)
    cfg.merge_from_dict({'param_scheduler.warmup_epochs': 0, 'param_scheduler.milestones': []})
    assert set(learning_rates(cfg)) == {0.1}
