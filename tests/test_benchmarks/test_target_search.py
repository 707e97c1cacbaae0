"""The benchmark of the target search at a small size."""


def test_figures_of_a_small_search(load):
    benchmark = load('target_search')
    ours, published, speed, angle, excess = benchmark.measure(6, 3, angle_goal=89.9, slice_len=2, rounds=1)
    assert ours.value > 0
    assert speed.value == published.value / ours.value
    assert (speed.goal, speed.unit) == (3.0, 'x')
    assert (ours.unit, published.unit) == ('s', 's')
    assert angle.met  # the octahedron
    assert angle.value < 90.1
    assert excess.value > 0
    assert 'scaled from 2' in published.name


def test_many_targets_are_timed_by_some_steps(load, monkeypatch):
    benchmark = load('target_search')
    monkeypatch.setattr(benchmark, 'MANY', 300)
    (seconds,) = benchmark.measure_many(is_full=False)
    assert (seconds.unit, seconds.goal) == ('s', 300.0)
    assert 'scaled from 4 steps' in seconds.name
    monkeypatch.setattr(benchmark, 'ITERATIONS', 5)
    _, angle = benchmark.measure_many(is_full=True)
    assert 0 < angle.value < 90
