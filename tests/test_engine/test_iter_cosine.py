import itertools
import math

import pytest
from mmengine.registry import PARAM_SCHEDULERS
from rates import learning_rates, sgd

EPOCHS, ITERS, WARMUP = 6, 10, 2


def build(optimizer, **kwargs):
    cfg = dict(type='ltcl.IterCosineLR', max_epochs=EPOCHS, warmup_epochs=WARMUP, convert_to_iter_based=True)
    return PARAM_SCHEDULERS.build(cfg | kwargs, default_args=dict(optimizer=optimizer, epoch_length=ITERS))


def test_rate_changes_once_per_accumulation_window():
    """Windows of 4 begin anew with each epoch: iterations 0-3, 4-7 and 8-9 of 10."""
    rates, plain = ([], [])
    for into, interval in ((rates, 4), (plain, 1)):
        optimizer = sgd(0.1)
        into += learning_rates(optimizer, [build(optimizer, interval=interval)], EPOCHS * ITERS)
    firsts = [i - i % ITERS % 4 for i in range(EPOCHS * ITERS)]
    assert rates == [plain[first] for first in firsts]
    assert all(before != after for before, after in itertools.pairwise(plain))


def test_minimum_keeps_the_proportions_of_the_groups():
    optimizer = sgd(0.1, 0.01)
    scheduler = build(optimizer, min_factor=0.5)
    learning_rates(optimizer, [scheduler], EPOCHS * ITERS - 1)
    high, low = (group['lr'] for group in optimizer.param_groups)
    done = (EPOCHS - 1 / ITERS - WARMUP) / (EPOCHS - WARMUP)
    assert high == pytest.approx(0.1 * (0.5 + 0.25 * (1 + math.cos(math.pi * done))), rel=1e-12)
    assert low == pytest.approx(high / 10, rel=1e-12)


@pytest.mark.parametrize(('warmup', 'last'), [(EPOCHS, 0.1), (EPOCHS + 2, 0.1 * EPOCHS / (EPOCHS + 2)), (0, 0.01)])
def test_warmup_may_take_all_of_the_run_or_nothing(warmup, last):
    optimizer = sgd(0.1)
    rates = learning_rates(optimizer, [build(optimizer, warmup_epochs=warmup, min_factor=0.1)], EPOCHS * ITERS)
    assert rates[0] == (0 if warmup else 0.1)
    assert optimizer.param_groups[0]['lr'] == pytest.approx(last, rel=1e-12)
