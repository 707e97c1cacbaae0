"""The benchmark of compiled steps at a small size."""

import pytest


def test_figures(load):
    script = load('compile')
    network = script.Network(18, 32, 2, 'float32')
    fused, loop, gain, share = script.measure_optimizer(network, 'cpu', rounds=1)
    assert gain.value == pytest.approx(loop.value / fused.value)
    assert gain.goal == 1.5
    assert 0 < share.value < 1


@pytest.mark.slow
def test_compiled_figures(load):
    script = load('compile')
    compiled, written, gain, compilation = script.measure_compile(script.Network(18, 32, 2, 'float32'), 'cpu', rounds=1)
    assert gain.value == pytest.approx(written.value / compiled.value)
    assert compilation.value > 1e-3 * compiled.value
