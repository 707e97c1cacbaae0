import copy
import math

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from rates import learning_rates, sgd

BASE_LR, EPOCHS, ITERS = 0.5, 20, 3


def build(optimizer: torch.optim.Optimizer, **kwargs):
    cfg = dict(type='ltcl.IterWarmupCosineLR', max_epochs=EPOCHS, convert_to_iter_based=True, warmup_epochs=4)
    return PARAM_SCHEDULERS.build(cfg | kwargs, default_args=dict(optimizer=optimizer, epoch_length=ITERS))


def published(iteration: int, warmup_epochs: int = 4) -> float:
    def cosine(epoch: int) -> float:
        lowest = BASE_LR * 0.1**3
        return lowest + (BASE_LR - lowest) * (1 + math.cos(math.pi * epoch / EPOCHS)) / 2

    epoch = 1 + iteration // ITERS
    if epoch <= warmup_epochs:
        return 0.01 + (cosine(warmup_epochs) - 0.01) * iteration / (warmup_epochs * ITERS)
    return cosine(epoch)


@pytest.mark.parametrize('warmup_epochs', [0, 4])
def test_published_schedule(warmup_epochs):
    optimizer = sgd(BASE_LR)
    values = learning_rates(optimizer, [build(optimizer, warmup_epochs=warmup_epochs)], EPOCHS * ITERS)
    assert values == pytest.approx([published(i, warmup_epochs) for i in range(EPOCHS * ITERS)], rel=1e-12)
    assert values[-1] == pytest.approx(BASE_LR * 1e-3)


def test_resumed_schedule_goes_on():
    optimizer = sgd(BASE_LR)
    scheduler = build(optimizer)
    learning_rates(optimizer, [scheduler], 7)
    state = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    optimizer = sgd(BASE_LR)
    scheduler = build(optimizer)
    optimizer.load_state_dict(state[0])
    scheduler.load_state_dict(state[1])
    assert learning_rates(optimizer, [scheduler], 20) == pytest.approx([published(7 + i) for i in range(20)], rel=1e-12)
