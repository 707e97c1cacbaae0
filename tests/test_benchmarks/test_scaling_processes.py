"""The benchmark of two processes at a small size."""

import pytest
import torch

from ltcl.models.utils import gather


@pytest.mark.slow
def test_two_processes(load):
    scaling = load('scaling_processes')
    config = dict(load('networks').demo_config('gpaco'), shape=(4, 1, 28, 28))
    figures = scaling.measure_method('tiny', config, rounds=2, most_threads=1)
    by_name = {figure.name: figure.value for figure in figures}
    one, two = (by_name[f'tiny: {form}'] for form in ('one process, one thread', scaling.SEVERAL))
    assert min(one, two) > 0
    ratio = by_name['tiny: two processes against one process, one thread']
    assert ratio == pytest.approx(two / one, rel=0.5)
    assert 0 < by_name['tiny: share of a step of two processes in collectives'] < 1


def test_rows_stay_on_the_process(load):
    scaling, rows = load('scaling_processes'), torch.ones(2)
    with scaling.as_only_process():
        assert gather(rows) is rows
