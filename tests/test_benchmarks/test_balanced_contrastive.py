from pathlib import Path

import pytest
import torch


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / 'benchmarks'))
    import balanced_contrastive

    return balanced_contrastive


def test_losses_that_are_compared_are_equal(benchmark):
    inputs = benchmark.draw_inputs('cpu', num_samples=4, num_classes=20, feat_dim=8)
    for fast, plain in zip(*(benchmark.gradients(name, inputs) for name in benchmark.LOSSES), strict=True):
        torch.testing.assert_close(fast, plain)


def test_figures(benchmark):
    figures = benchmark.measure_device('cpu', num_samples=4, num_classes=20, feat_dim=8, rounds=2)
    assert [figure.goal for figure in figures] == [None] * 4 + [2.0, None]
    assert all(figure.value > 0 for figure in figures)
    fast_memory, masked_memory = (figure.value for figure in figures if figure.unit == 'MiB')
    assert figures[-1].value == pytest.approx(fast_memory / masked_memory)
