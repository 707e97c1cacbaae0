"""The benchmarks of losses at a small size."""

import pytest
import torch

SCRIPTS = {
    'loss': dict(num_anchors=6, num_rows=20, num_classes=4, feat_dim=8),
    'balanced_contrastive': dict(num_samples=4, num_classes=20, feat_dim=8),
}


@pytest.mark.parametrize(('script', 'sizes'), SCRIPTS.items())
def test_losses_that_are_compared_are_equal(load, script, sizes):
    benchmark = load(script)
    inputs = benchmark.draw_inputs(device='cpu', **sizes)
    for fast, plain in zip(*(benchmark.gradients(name, inputs) for name in benchmark.LOSSES), strict=True):
        torch.testing.assert_close(fast, plain)


@pytest.mark.parametrize(
    ('script', 'fast', 'memory_goal'),
    [('loss', 'paco_loss', 0.4), ('balanced_contrastive', 'balanced_contrastive_loss', None)],
)
def test_figures(load, script, fast, memory_goal):
    figures = load(script).measure_device('cpu', **SCRIPTS[script], rounds=2)
    assert [figure.goal for figure in figures] == [None, None, 2.0, None, None, memory_goal]
    assert all(figure.value > 0 for figure in figures)
    assert [figure.name.partition(',')[0] for figure in figures[:2]] == [fast, 'masked form']
    fast_memory, masked_memory = (figure.value for figure in figures if figure.unit == 'MiB')
    assert figures[-1].value == pytest.approx(fast_memory / masked_memory)
