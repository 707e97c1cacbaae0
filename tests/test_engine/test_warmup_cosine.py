import math

import pytest
from mmengine.registry import PARAM_SCHEDULERS
from rates import learning_rates, sgd


def rates(num_epochs: int, *configs: dict) -> list[float]:
    optimizer = sgd(0.1)
    schedulers = [PARAM_SCHEDULERS.build({**cfg, 'optimizer': optimizer}) for cfg in configs]
    return learning_rates(optimizer, schedulers, num_epochs)


def test_without_warm_up_the_first_epoch_is_decayed():
    values = rates(90, dict(type='ltcl.WarmupCosineLR', max_epochs=90))
    assert values == pytest.approx([0.05 * (1 + math.cos(math.pi * epoch / 91)) for epoch in range(1, 91)], rel=1e-12)
    assert (values[0], values[-1]) == pytest.approx((0.09997, 2.98e-5), rel=1e-3)


def test_with_warm_up_it_is_what_two_schedulers_of_mmengine_are():
    linear = dict(type='LinearLR', start_factor=1 / 5, end=5)
    cosine = dict(type='CosineAnnealingLR', T_max=26, begin=4, end=30)
    values = rates(30, dict(type='ltcl.WarmupCosineLR', max_epochs=30, warmup_epochs=5))
    assert values == pytest.approx(rates(30, linear, cosine), rel=1e-9)
    assert values[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
