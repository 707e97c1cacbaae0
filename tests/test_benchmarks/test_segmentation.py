"""The benchmark of segmentation at a small size."""

import pytest
import torch

SIZES = dict(num_images=2, size=32, channels=6, num_classes=4, num_samples=40)


def test_losses_that_are_compared_are_equal(load):
    benchmark = load('segmentation')
    projector, inputs = benchmark.draw_inputs(device='cpu', **SIZES)
    for fast, plain in zip(*(benchmark.gradients(name, projector, inputs) for name in benchmark.LOSSES), strict=True):
        torch.testing.assert_close(fast, plain)


def test_figures_of_the_branch(load):
    figures = load('segmentation').measure_branch('cpu', **SIZES, rounds=1)
    assert [figure.goal for figure in figures] == [None, None, 2.0, None, None, 0.4]
    assert [figure.name.partition(',')[0] for figure in figures[:2]] == ['GPaCo branch', 'masked form']


def test_figures_of_a_step(load, monkeypatch):
    benchmark = load('segmentation')
    trained = []

    def time_once(steps, rounds, device):
        for name, step in steps.items():
            trained.append((name, set(step())))
        return {name: [2.0 if name == 'stock' else 2.1] for name in steps}

    monkeypatch.setattr(benchmark, 'time_interleaved', time_once)
    figures = benchmark.measure_step('cpu', size=32, rounds=1)
    assert [name for name, _ in trained] == ['stock', 'with branch']
    assert trained[1][1] - trained[0][1] == {'decode.loss_gpaco'}
    assert [figure.goal for figure in figures] == [None, None, 1.1, 1.0]
    assert figures[2].value == pytest.approx(1.05)
    assert figures[3].value == 1
