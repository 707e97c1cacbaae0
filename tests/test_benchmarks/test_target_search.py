"""The benchmark of the target search at a small size."""

import importlib
from pathlib import Path

FOLDER = Path(__file__).parents[2] / 'benchmarks'


def test_figures_of_a_small_search(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    benchmark = importlib.import_module('target_search')
    ours, published, speed, angle, excess = benchmark.measure(6, 3, angle_goal=89.9, slice_len=2, rounds=1)
    assert ours.value > 0
    assert speed.value == published.value / ours.value
    assert (speed.goal, speed.unit) == (3.0, 'x')
    assert angle.met  # the octahedron
    assert angle.value < 90.1
    assert excess.value > 0
    assert 'scaled from 2' in published.name
