"""The CIFAR-100-LT recipe of BCL."""

import numpy as np
from cifar_recipes import build_model, draw_views, has_hole, is_bright, learning_rates, load, white_image


def test_numbers_of_the_recipe():
    cfg = load('bcl')
    model = build_model(cfg)
    head = model.head
    assert (head.alpha, head.beta, head.temperature, head.tau, head.fc.scale) == (2.0, 0.6, 0.1, 1.0, 30.0)
    for mlp in (model.projector, head.prototype_projector):
        first, norm, _, last = mlp.layers
        assert (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape)) == ((512, 64), 512, (128, 512))
    assert cfg.model.joint_forward
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.15, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (256, False, 200)
    rates = learning_rates(cfg)
    expected = {0: 0.03, 4: 0.15, 5: 0.15, 159: 0.15, 160: 0.015, 179: 0.015, 180: 0.0015, 199: 0.0015}
    np.testing.assert_allclose([rates[epoch] for epoch in expected], list(expected.values()))


def test_first_view_is_regular_and_the_others_are_simple():
    for first, *others in draw_views(load('bcl'), white_image(), 10):
        assert has_hole(first)
        assert [is_bright(view) for view in others] == [True, True]
