"""The benchmarks of losses at a small size."""

import pytest
import torch

SCRIPTS = {
    'loss': dict(num_anchors=6, num_rows=20, num_classes=4, feat_dim=8),
    'balanced_contrastive': dict(num_samples=4, num_classes=20, feat_dim=8),
    'proco': dict(num_samples=4, num_classes=20, feat_dim=8),
}


@pytest.mark.parametrize(('script', 'sizes'), SCRIPTS.items())
def test_losses_that_are_compared_are_equal(load, script, sizes):
    benchmark = load(script)
    inputs = benchmark.draw_inputs(device='cpu', **sizes)
    for fast, plain in zip(*(benchmark.gradients(name, inputs) for name in benchmark.LOSSES), strict=True):
        torch.testing.assert_close(fast, plain)


@pytest.mark.parametrize(
    ('script', 'fast', 'plain', 'speed_goal', 'memory_goal'),
    [
        ('loss', 'paco_loss', 'masked form', 3.0, 0.15),
        ('balanced_contrastive', 'balanced_contrastive_loss', 'masked form', 3.0, None),
        ('proco', 'proco_loss', 'form with SciPy', 2.0, 0.5),
    ],
)
def test_figures(load, script, fast, plain, speed_goal, memory_goal):
    figures = load(script).measure_device('cpu', **SCRIPTS[script], rounds=2)
    assert [figure.goal for figure in figures] == [None, None, speed_goal, None, None, memory_goal]
    assert all(figure.value > 0 for figure in figures)
    assert [figure.name.partition(',')[0] for figure in figures[:2]] == [fast, plain]
    fast_memory, plain_memory = (figure.value for figure in figures if figure.unit == 'MiB')
    assert figures[-1].value == pytest.approx(fast_memory / plain_memory)
