import copy

import pytest
from mmengine.optim import OptimWrapper
from mmengine.registry import PARAM_SCHEDULERS
from rates import learning_rates, sgd

BASE_LR = 0.05


def build(optimizer: object, **kwargs) -> object:
    cfg = dict(type='ltcl.WarmupStepLR', warmup_epochs=10, milestones=(320, 360), by_epoch=True)
    return PARAM_SCHEDULERS.build(cfg | kwargs | dict(optimizer=optimizer))


def rates(num_epochs: int = 400, **kwargs) -> list[float]:
    optimizer = sgd(BASE_LR)
    return learning_rates(optimizer, [build(optimizer, **kwargs)], num_epochs)


def published(epoch: int) -> float:
    if epoch <= 10:
        return BASE_LR * (epoch + 1) / 10
    if epoch > 360:
        return 0.01 * BASE_LR
    return 0.1 * BASE_LR if epoch > 320 else BASE_LR


def test_published_schedule_overshoots_once():
    values = rates()
    assert values == pytest.approx([published(epoch) for epoch in range(400)], rel=1e-12)
    assert [values[0], values[9], values[10], values[11]] == pytest.approx([0.005, 0.05, 0.055, 0.05])
    assert [values[320], values[321], values[360], values[361]] == pytest.approx([0.05, 0.005, 0.005, 0.0005])


def test_overshoot_can_be_left_out():
    values = rates(overshoot=False)
    assert values[10] == pytest.approx(BASE_LR)
    assert values[:10] + values[11:] == pytest.approx([published(epoch) for epoch in range(400) if epoch != 10])


@pytest.mark.parametrize('overshoot', [False, True])
def test_no_warm_up(overshoot):
    expected = [BASE_LR] * 4 + [BASE_LR / 2] * 2
    assert rates(6, warmup_epochs=0, milestones=(3,), gamma=0.5, overshoot=overshoot) == pytest.approx(expected)


def test_every_group_keeps_its_ratio():
    optimizer = sgd(0.1, 0.01)
    scheduler = build(OptimWrapper(optimizer), warmup_epochs=2, milestones=(3,))
    seen = []
    for _ in range(5):
        seen.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    assert [rate for rate, _ in seen] == pytest.approx([0.05, 0.1, 0.15, 0.1, 0.01])
    assert [rate for _, rate in seen] == pytest.approx([0.005, 0.01, 0.015, 0.01, 0.001])


def test_resumed_schedule_goes_on():
    optimizer = sgd(BASE_LR)
    scheduler = build(optimizer)
    for _ in range(322):
        optimizer.step()
        scheduler.step()
    state = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    resumed_optimizer = sgd(BASE_LR)
    resumed = build(resumed_optimizer)
    resumed_optimizer.load_state_dict(state[0])
    resumed.load_state_dict(state[1])
    for epoch in range(322, 400):
        assert resumed_optimizer.param_groups[0]['lr'] == pytest.approx(published(epoch)), epoch
        resumed_optimizer.step()
        resumed.step()
