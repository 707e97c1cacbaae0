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
