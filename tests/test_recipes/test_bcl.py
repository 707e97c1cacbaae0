"""The CIFAR-LT recipes of BCL."""

import numpy as np
import pytest
from cifar_recipes import blocks_of, build_model, learning_rates, load
from recorded import recorded


@pytest.mark.parametrize(('schedule', 'num_classes'), [('*200e', 100), ('*400e', 100), ('*200e', 10)])
def test_numbers_of_the_recipe(schedule, num_classes):
    cfg = load('bcl', schedule, f'cifar{num_classes}-lt-if100')
    model = build_model(cfg)
    head = model.head
    assert (head.alpha, head.beta, head.temperature, head.tau, head.fc.scale) == (2.0, 0.6, 0.1, 1.0, 30.0)
    assert head.fc.weight.shape == (num_classes, 64)
    for mlp in (model.projector, head.prototype_projector):
        first, norm, _, last = mlp.layers
        assert (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape)) == ((512, 64), 512, (128, 512))
    assert cfg.model.joint_forward
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.15, momentum=0.9, weight_decay=5e-4)
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.drop_last) == (256, False)
    assert blocks_of(cfg) == ['regular_cifar', 'sim_cifar', 'sim_cifar']


def test_rates_of_200_epochs_are_the_recorded_ones():
    case = recorded('bcl', 'lr_schedule__a')
    np.testing.assert_allclose(learning_rates(load('bcl', '*200e')), case['case2_lr'], rtol=1e-9)


def test_rates_of_400_epochs():
    rates = learning_rates(load('bcl', '*400e'))
    expected = {0: 0.015, 9: 0.15, 10: 0.15, 359: 0.15, 360: 0.015, 379: 0.015, 380: 0.0015, 399: 0.0015}
    np.testing.assert_allclose([rates[epoch] for epoch in expected], list(expected.values()))
    assert len(rates) == 400
