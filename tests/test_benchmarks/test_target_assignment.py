"""The benchmark of class centers and target assignment at a small size."""


def test_figures(load, monkeypatch):
    target_assignment = load('target_assignment')
    times = target_assignment.measure_device('cpu', num_classes=12, rounds=2, feat_dim=4, batch_size=6)
    assert times.keys() == {'centers', 'matching'}
    assert all(value > 0 for value in times.values())
    monkeypatch.setattr(target_assignment, 'measure_device', lambda *args: dict(centers=2.0, matching=200.0))
    figures = target_assignment.measure()
    assert [(figure.value, figure.goal, figure.met) for figure in figures[3:]][:1] == [(6.0, 5.0, False)]
    assert [figure.value for figure in figures[:4]] == [2.0, 200.0, 202.0, 6.0]
    assert figures[7].goal is None
