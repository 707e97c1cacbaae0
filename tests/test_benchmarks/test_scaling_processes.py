"""The benchmark of two processes at a small size."""

import pytest
from test_step import tiny_config


@pytest.mark.slow
def test_two_processes(load, monkeypatch):
    scaling = load('scaling_processes')
    figures = scaling.measure_method('tiny', 'gpaco', dict(tiny_config(online_views=(0, 1)), shape=(4, 1, 28, 28)), 2)
    by_name = {figure.name: figure.value for figure in figures}
    rates = [by_name[f'tiny: {form}'] for form in scaling.FORMS]
    assert all(rate > 0 for rate in rates)
    ratio = by_name['tiny: two processes against one process, one thread']
    assert ratio == pytest.approx(rates[2] / rates[0], rel=0.5)
    assert 0 < by_name['tiny: share of a step of two processes in collectives'] < 1


def test_rows_stay_on_the_process(load, monkeypatch):
    import torch

    from ltcl.models.utils import gather

    scaling, rows = load('scaling_processes'), torch.ones(2)
    with scaling.as_only_process():
        assert gather(rows) is rows
